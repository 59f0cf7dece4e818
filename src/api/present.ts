type Present<Filter> = { [Key in keyof Filter]?: NonNullable<Filter[Key]> };

/** Without what is null: a filter that is given as null filters nothing. */
export function present<Filter extends object>(filter: Filter | null | undefined): Present<Filter> {
  const given: Present<Filter> = {};
  for (const key in filter) {
    const value = filter[key];
    if (value !== null && value !== undefined) given[key] = value;
  }
  return given;
}
