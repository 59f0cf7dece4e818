import { accountId, positionId, targetKey, tenantId } from '../domain/ids.js';
import type { CommandKey, Digest } from '../domain/ids.js';
import type { CancelTarget, ClosePosition, SetTarget } from '../domain/position/commands.js';
import { intentKey } from '../eventstore/identity.js';
import { builder } from './builder.js';
import { outcomeOf, positionPayload, refused } from './command-payload.js';
import type { CommandOutcome } from './command-payload.js';
import type { ApiContext } from './context.js';
import { closeReasonEnum } from './enums.js';
import { inputErrors } from './errors.js';
import { intentContext, readAccount, readKey, withoutNulls } from './input-values.js';
import { readOwner } from './owned-stream.js';
import { ClosingOrderInput, closingOrderPrices, PositionTermsInput, positionTerms, TargetInput, targetTerms } from './position-inputs.js';

const OpenPositionInput = builder.inputType('OpenPositionInput', {
  fields: (t) => ({
    accountId: t.string({ description: 'Your account: of yours the only one, or `main`, where it is not given.' }),
    idempotencyKey: t.string({ required: true, description: 'Your key of this position, unique within the account: its id follows from it. The same again is a duplicate, other terms under it are refused.' }),
    terms: t.field({ type: PositionTermsInput, required: true }),
  }),
});

const KEY = 'Your key of this request, unique within the position: the same again is a duplicate, another input under it is refused.';

const SetTargetInput = builder.inputType('SetTargetInput', {
  fields: (t) => ({
    positionId: t.id({ required: true }),
    idempotencyKey: t.string({ required: true, description: KEY }),
    target: t.field({ type: TargetInput, required: true }),
  }),
});

const CancelTargetInput = builder.inputType('CancelTargetInput', {
  fields: (t) => ({
    positionId: t.id({ required: true }),
    idempotencyKey: t.string({ required: true, description: KEY }),
    targetKey: t.string({ required: true }),
    reason: t.string(),
  }),
});

const ClosePositionInput = builder.inputType('ClosePositionInput', {
  fields: (t) => ({
    positionId: t.id({ required: true }),
    idempotencyKey: t.string({ required: true, description: KEY }),
    reason: t.field({ type: closeReasonEnum, required: true }),
    clOrdId: t.string({ description: 'FIX ClOrdID of the closing order, unique within the account; the idempotency key where it is not given.' }),
    order: t.field({ type: ClosingOrderInput, required: true }),
    immediately: t.boolean({ description: 'The closing order is placed at once, for all that is open now: what the targets\' orders still fill over-closes the position.' }),
  }),
});

const keyOf = ({ viewer }: ApiContext, account: string, type: string, key: string): CommandKey => intentKey(tenantId(viewer.tenantId), accountId(account), type, key);

async function openPosition(input: typeof OpenPositionInput.$inferInput, context: ApiContext): Promise<CommandOutcome> {
  const account = readAccount(context.viewer, input.accountId);
  const key = readKey(input.idempotencyKey, 'idempotencyKey');
  const parsed = positionTerms.safeParse(withoutNulls(input.terms));
  const formErrors = parsed.success ? [] : inputErrors(parsed.error, 'terms');
  if ('errors' in account || 'errors' in key || !parsed.success) return refused([...[account, key].flatMap((read) => ('errors' in read ? read.errors : [])), ...formErrors]);
  const commandKey = keyOf(context, account.value, 'OpenPosition', key.value);
  const said = intentContext(context, account.value, commandKey, { terms: parsed.data });
  const result = await context.handler.openPosition({ kind: 'OpenPosition', terms: parsed.data, commandKey, commandDigest: said.commandDigest }, said);
  return outcomeOf(result, { within: 'terms', key: { field: 'idempotencyKey', given: key.value } });
}

interface PositionRequest {
  readonly positionId: string;
  readonly idempotencyKey: string;
}

/** `make` gives the command once its key and digest are known. */
async function changePosition(
  request: PositionRequest,
  type: (SetTarget | CancelTarget | ClosePosition)['kind'],
  input: unknown,
  context: ApiContext,
  make: (keyed: { commandKey: CommandKey; commandDigest: Digest }) => SetTarget | CancelTarget | ClosePosition,
  within?: string,
): Promise<CommandOutcome> {
  const key = readKey(request.idempotencyKey, 'idempotencyKey');
  if ('errors' in key) return refused(key.errors);
  const owner = await readOwner(context.handler, context.viewer, 'position', request.positionId);
  if ('errors' in owner) return refused(owner.errors);
  const commandKey = keyOf(context, owner.value.accountId, type, key.value);
  const said = intentContext(context, owner.value.accountId, commandKey, input);
  const result = await context.handler.changePosition(positionId(owner.value.id), make({ commandKey, commandDigest: said.commandDigest }), said);
  return outcomeOf(result, { within, key: { field: 'idempotencyKey', given: key.value } });
}

async function setTarget(request: typeof SetTargetInput.$inferInput, context: ApiContext): Promise<CommandOutcome> {
  const parsed = targetTerms.safeParse(withoutNulls(request.target));
  if (!parsed.success) return refused(inputErrors(parsed.error, 'target'));
  return changePosition(request, 'SetTarget', parsed.data, context, (keyed) => ({ kind: 'SetTarget', ...parsed.data, ...keyed }), 'target');
}

async function cancelTarget(request: typeof CancelTargetInput.$inferInput, context: ApiContext): Promise<CommandOutcome> {
  const reason = request.reason ?? undefined;
  const target = { targetKey: targetKey(request.targetKey), ...(reason === undefined ? {} : { reason }) };
  return changePosition(request, 'CancelTarget', target, context, (keyed) => ({ kind: 'CancelTarget', ...target, ...keyed }));
}

async function closePosition(request: typeof ClosePositionInput.$inferInput, context: ApiContext): Promise<CommandOutcome> {
  const { ordType, timeInForce, ...prices } = request.order;
  const parsed = closingOrderPrices.safeParse(withoutNulls(prices));
  if (!parsed.success) return refused(inputErrors(parsed.error, 'order'));
  const order = { clOrdId: request.clOrdId ?? request.idempotencyKey, ordType, ...parsed.data, ...(timeInForce ? { timeInForce } : {}) };
  const input = { reason: request.reason, order, immediately: request.immediately ?? false };
  return changePosition(request, 'ClosePosition', input, context, (keyed) => ({ kind: 'ClosePosition', ...input, ...keyed }), 'order');
}

builder.mutationFields((t) => ({
  openPosition: t.field({
    type: positionPayload,
    description: 'Intent: opens a position.',
    args: { input: t.arg({ type: OpenPositionInput, required: true }) },
    resolve: (_root, { input }, context) => openPosition(input, context),
  }),
  setTarget: t.field({
    type: positionPayload,
    description: 'Intent: sets a target of a position, or changes the terms of one that is not filled. At most ten are active.',
    args: { input: t.arg({ type: SetTargetInput, required: true }) },
    resolve: (_root, { input }, context) => setTarget(input, context),
  }),
  cancelTarget: t.field({
    type: positionPayload,
    description: 'Intent: takes a target back.',
    args: { input: t.arg({ type: CancelTargetInput, required: true }) },
    resolve: (_root, { input }, context) => cancelTarget(input, context),
  }),
  closePosition: t.field({
    type: positionPayload,
    description:
      'Intent: cancels all unfilled targets of a position and closes what is left by one order. The order is placed, for what is open then, once the orders of the targets have all ended, which they are asked to.',
    args: { input: t.arg({ type: ClosePositionInput, required: true }) },
    resolve: (_root, { input }, context) => closePosition(input, context),
  }),
}));
