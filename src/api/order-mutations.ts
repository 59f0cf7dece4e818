import { accountId, orderId, tenantId } from '../domain/ids.js';
import type { CommandKey, Digest } from '../domain/ids.js';
import type { RequestCancel, RequestReplace } from '../domain/order/commands.js';
import type { OrderTerms, TermsChange } from '../domain/order/events.js';
import { intentKey } from '../eventstore/identity.js';
import { jsonFact } from '../ingest/jsonl-schema.js';
import { builder } from './builder.js';
import { orderPayload, outcomeOf, refused } from './command-payload.js';
import type { CommandOutcome } from './command-payload.js';
import type { ApiContext } from './context.js';
import { inputErrors } from './errors.js';
import { intentContext, readAccount, readKey, withoutNulls } from './input-values.js';
import type { Read } from './input-values.js';
import { OrderTermsInput, TermsChangeInput } from './order-inputs.js';
import { readOwner } from './owned-stream.js';

const PlaceOrderInput = builder.inputType('PlaceOrderInput', {
  fields: (t) => ({
    accountId: t.string({ description: 'Your account: of yours the only one, or `main`, where it is not given.' }),
    clOrdId: t.string({
      required: true,
      description: 'FIX ClOrdID: your own id of the order, unique within the account. It is the idempotency key too: the same again is a duplicate, other terms under it are refused.',
    }),
    terms: t.field({ type: OrderTermsInput, required: true }),
  }),
});

const KEY = 'Your key of this request, unique within the order: the same again is a duplicate, another input under it is refused.';
const REQUEST_CL_ORD_ID = 'FIX ClOrdID of the request; the idempotency key where it is not given.';

const RequestCancelInput = builder.inputType('RequestCancelInput', {
  fields: (t) => ({
    orderId: t.id({ required: true }),
    idempotencyKey: t.string({ required: true, description: KEY }),
    clOrdId: t.string({ description: REQUEST_CL_ORD_ID }),
  }),
});

const RequestReplaceInput = builder.inputType('RequestReplaceInput', {
  fields: (t) => ({
    orderId: t.id({ required: true }),
    idempotencyKey: t.string({ required: true, description: KEY }),
    clOrdId: t.string({ description: REQUEST_CL_ORD_ID }),
    change: t.field({ type: TermsChangeInput, required: true }),
  }),
});

/** Terms and changes have the form that facts have: they are read by the same schema. */
const factSchema = jsonFact('live');

function readTerms(clOrdId: string, terms: typeof OrderTermsInput.$inferInput): Read<OrderTerms> {
  const parsed = factSchema.safeParse(withoutNulls({ type: 'OrderPlaced', data: { refs: { clOrdId }, terms } }));
  if (!parsed.success) return { errors: inputErrors(parsed.error).map((error) => renamed(error, 'refs.clOrdId', 'clOrdId')) };
  if (parsed.data.type !== 'OrderPlaced') throw new Error(`read ${parsed.data.type} in place of OrderPlaced`);
  return { value: parsed.data.data.terms };
}

function readChange(clOrdId: string, change: typeof TermsChangeInput.$inferInput): Read<TermsChange> {
  const parsed = factSchema.safeParse(withoutNulls({ type: 'ReplaceRequested', data: { refs: { clOrdId }, change } }));
  if (!parsed.success) return { errors: inputErrors(parsed.error).map((error) => renamed(error, 'refs.clOrdId', 'clOrdId')) };
  if (parsed.data.type !== 'ReplaceRequested') throw new Error(`read ${parsed.data.type} in place of ReplaceRequested`);
  return { value: parsed.data.data.change };
}

const renamed = <Named extends { field: string | undefined; message: string }>(error: Named, from: string, to: string): Named =>
  error.field === from ? { ...error, field: to, message: error.message.replace(from, to) } : error;

async function placeOrder(input: typeof PlaceOrderInput.$inferInput, context: ApiContext): Promise<CommandOutcome> {
  const { clOrdId } = input;
  const account = readAccount(context.viewer, input.accountId);
  const key = readKey(clOrdId, 'clOrdId');
  const terms = readTerms(clOrdId, input.terms);
  if ('errors' in account || 'errors' in key || 'errors' in terms) return refused([account, key, terms].flatMap((read) => ('errors' in read ? read.errors : [])));
  const commandKey = keyOf(context, account.value, 'PlaceOrder', clOrdId);
  const said = intentContext(context, account.value, commandKey, { clOrdId, terms: terms.value });
  const command = { kind: 'PlaceOrder', clOrdId, terms: terms.value, commandKey, commandDigest: said.commandDigest } as const;
  return outcomeOf(await context.handler.placeOrder(command, said), { within: 'terms', key: { field: 'clOrdId', given: clOrdId } });
}

const keyOf = ({ viewer }: ApiContext, account: string, type: string, key: string): CommandKey => intentKey(tenantId(viewer.tenantId), accountId(account), type, key);

interface OrderRequest {
  readonly orderId: string;
  readonly idempotencyKey: string;
}

/** `make` gives the command once its key and digest are known. */
async function changeOrder(
  request: OrderRequest,
  type: (RequestCancel | RequestReplace)['kind'],
  input: unknown,
  context: ApiContext,
  make: (keyed: { commandKey: CommandKey; commandDigest: Digest }) => RequestCancel | RequestReplace,
): Promise<CommandOutcome> {
  const key = readKey(request.idempotencyKey, 'idempotencyKey');
  if ('errors' in key) return refused(key.errors);
  const owner = await readOwner(context.handler, context.viewer, 'order', request.orderId);
  if ('errors' in owner) return refused(owner.errors);
  const commandKey = keyOf(context, owner.value.accountId, type, key.value);
  const said = intentContext(context, owner.value.accountId, commandKey, input);
  const result = await context.handler.changeOrder(orderId(owner.value.id), make({ commandKey, commandDigest: said.commandDigest }), said);
  return outcomeOf(result, { within: 'change', key: { field: 'idempotencyKey', given: key.value } });
}

async function requestCancel(request: typeof RequestCancelInput.$inferInput, context: ApiContext): Promise<CommandOutcome> {
  const clOrdId = request.clOrdId ?? request.idempotencyKey;
  return changeOrder(request, 'RequestCancel', { clOrdId }, context, (keyed) => ({ kind: 'RequestCancel', clOrdId, ...keyed }));
}

async function requestReplace(request: typeof RequestReplaceInput.$inferInput, context: ApiContext): Promise<CommandOutcome> {
  const clOrdId = request.clOrdId ?? request.idempotencyKey;
  const change = readChange(clOrdId, request.change);
  if ('errors' in change) return refused(change.errors);
  return changeOrder(request, 'RequestReplace', { clOrdId, change: change.value }, context, (keyed) => ({ kind: 'RequestReplace', clOrdId, change: change.value, ...keyed }));
}

builder.mutationFields((t) => ({
  placeOrder: t.field({
    type: orderPayload,
    description: 'Intent: places an order.',
    args: { input: t.arg({ type: PlaceOrderInput, required: true }) },
    resolve: (_root, { input }, context) => placeOrder(input, context),
  }),
  requestCancel: t.field({
    type: orderPayload,
    description: 'Intent: asks for an order to be cancelled. Its status changes when the broker says so.',
    args: { input: t.arg({ type: RequestCancelInput, required: true }) },
    resolve: (_root, { input }, context) => requestCancel(input, context),
  }),
  requestReplace: t.field({
    type: orderPayload,
    description: 'Intent: asks for other terms. They change when the broker says so.',
    args: { input: t.arg({ type: RequestReplaceInput, required: true }) },
    resolve: (_root, { input }, context) => requestReplace(input, context),
  }),
}));
