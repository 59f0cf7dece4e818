/** Turns an event's data of one schema version into that of the next. Pure; stored events are never rewritten. */
export interface Upcaster {
  readonly type: string;
  readonly fromVersion: number;
  /** `data` was valid in `fromVersion`. */
  upcast(data: unknown): unknown;
}

/** Every upcaster there is. None yet: all events are of version 1. */
const UPCASTERS: readonly Upcaster[] = [];

/** The chain of upcasters by event type. */
export interface UpcasterRegistry {
  /** The version that events of this type are written in. */
  currentVersion(type: string): number;
  /** Data of `version` as data of the current version; undefined where the version is newer than the program. */
  upcast(type: string, version: number, data: unknown): { readonly data: unknown } | undefined;
}

/**
 * Builds a registry; throws a RangeError where a type's versions have a gap (2 → 3 without 1 → 2) or a version is given twice.
 */
export function upcasterRegistry(upcasters: readonly Upcaster[]): UpcasterRegistry {
  const byType = new Map<string, Upcaster[]>();
  for (const upcaster of [...upcasters].sort((a, b) => a.fromVersion - b.fromVersion)) {
    const chain = byType.get(upcaster.type) ?? [];
    if (upcaster.fromVersion !== chain.length + 1) {
      throw new RangeError(`${upcaster.type}: expected an upcaster from version ${chain.length + 1}, got one from ${upcaster.fromVersion}`);
    }
    byType.set(upcaster.type, [...chain, upcaster]);
  }
  const currentVersion = (type: string): number => (byType.get(type)?.length ?? 0) + 1;
  return {
    currentVersion,
    upcast(type, version, data) {
      if (version === 1 && !byType.has(type)) return { data };
      if (version > currentVersion(type)) return undefined;
      const steps = byType.get(type)?.slice(version - 1) ?? [];
      return { data: steps.reduce((older, step) => step.upcast(older), data) };
    },
  };
}

/** The registry of the program. */
export const EVENT_VERSIONS: UpcasterRegistry = upcasterRegistry(UPCASTERS);
