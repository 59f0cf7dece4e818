import type { CommandHandler } from '../eventstore/commands.js';
import { mayUse } from '../projections/viewer.js';
import type { UserError } from './errors.js';
import type { Read } from './input-values.js';
import type { AuthenticatedViewer } from './viewer.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/iu;

/**
 * The account of an order or a position that a viewer names, from the store. What belongs to others is as unknown as what
 * does not exist: the answer is the same.
 */
export async function readOwner(handler: CommandHandler, viewer: AuthenticatedViewer, kind: 'order' | 'position', id: string): Promise<Read<{ readonly id: string; readonly accountId: string }>> {
  const known = UUID.test(id) ? id.toLowerCase() : undefined;
  const owner = known === undefined ? undefined : await handler.ownerOf(`${kind}-${known}`);
  if (known !== undefined && owner?.tenantId === viewer.tenantId && mayUse(viewer, owner.accountId)) return { value: { id: known, accountId: owner.accountId } };
  const field = `${kind}Id`;
  const notFound: UserError = { code: `${kind}_NOT_FOUND`.toUpperCase(), message: `${field}: there is no such ${kind}`, field };
  return { errors: [notFound] };
}
