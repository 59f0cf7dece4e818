import { compareQuantity, priceText, quantityText, tryQuantity } from '../amounts.js';
import { accept, reject } from '../decider.js';
import type { Decider, Decision } from '../decider.js';
import type { Digest } from '../ids.js';
import type { EventMetadata } from '../metadata.js';
import { AppliedKeys } from './applied.js';
import type { ClaimAlias, LinkOrder, OrderCommand, PlaceOrder, RecordOrderFact, RequestCancel, RequestReplace } from './commands.js';
import type { OrderEventBody, OrderTerms, TermsChange } from './events.js';
import { factEntry } from './facts.js';
import { FactFold } from './fold.js';
import type { OrderFactEntry, OrderFold, OrderState, OrderView } from './state.js';
import { checkChange, checkClOrdId, checkTerms } from './validate.js';

// State

type Fields = Pick<OrderState, 'exists' | 'tenantId' | 'accountId' | 'redirectsTo' | 'applied' | 'fold' | 'conflicts'>;

const orderState = (fields: Fields): OrderState => ({
  ...fields,
  get facts(): readonly OrderFactEntry[] {
    return fields.fold.facts;
  },
  get view(): OrderView {
    return fields.fold.view;
  },
});

const initialState = orderState({
  exists: false,
  tenantId: undefined,
  accountId: undefined,
  redirectsTo: undefined,
  applied: AppliedKeys.none,
  fold: FactFold.empty,
  conflicts: 0,
});

// Evolve

function foldEvent(fold: OrderFold, event: OrderEventBody & { readonly metadata: EventMetadata }): OrderFold {
  if (event.type === 'OrderLinked' || event.type === 'AliasClaimed') return fold;
  if (event.type === 'FactConflicted') return fold.withConflict(factEntry(event.data.fact, event.metadata));
  if (event.type === 'FactRepeated') return fold.withCopy(factEntry(event.data.fact, event.metadata));
  // What the fold keeps is the fact alone.
  const { metadata, ...fact } = event;
  return fold.withFact(factEntry(fact, metadata));
}

function redirectOf(event: OrderEventBody): OrderState['redirectsTo'] {
  if (event.type === 'OrderLinked') return event.data.intoOrderId;
  return event.type === 'AliasClaimed' ? event.data.orderId : undefined;
}

function evolve(state: OrderState, event: OrderEventBody & { readonly metadata: EventMetadata }): OrderState {
  const { metadata } = event;
  return orderState({
    exists: true,
    tenantId: state.tenantId ?? metadata.tenantId,
    accountId: state.accountId ?? metadata.accountId,
    redirectsTo: redirectOf(event) ?? state.redirectsTo,
    applied: state.applied.with(metadata.commandKey, metadata.commandDigest),
    fold: foldEvent(state.fold, event),
    conflicts: event.type === 'FactConflicted' ? state.conflicts + 1 : state.conflicts,
  });
}

// Decide

type OrderDecision = Decision<OrderEventBody>;

const NOTHING_NEW: OrderDecision = accept();

/** An intent's key again: nothing new with the same input, an error with another one; `undefined` for a new key. */
function decideRepeated(state: OrderState, command: { readonly commandKey: string; readonly commandDigest: Digest }): OrderDecision | undefined {
  const digests = state.applied.get(command.commandKey);
  if (!digests) return undefined;
  if (digests[0] === command.commandDigest) return NOTHING_NEW;
  return reject('idempotency_key_reused', `the key ${JSON.stringify(command.commandKey)} was used for another input`, 'idempotencyKey');
}

/** A fact is never refused: it is new, known, known better by this copy of it, or a second version under one key. */
function recordFact(state: OrderState, { commandKey, commandDigest, fact, said }: RecordOrderFact): OrderDecision {
  const digests = state.applied.get(commandKey);
  const first = digests?.[0];
  if (!digests || first === undefined) return accept(fact);
  if (!digests.includes(commandDigest)) return accept({ type: 'FactConflicted', data: { firstDigest: first, fact } });
  return state.fold.isNews({ ...said, key: commandKey, fact }) ? accept({ type: 'FactRepeated', data: { fact } }) : NOTHING_NEW;
}

const canonicalChange = (change: TermsChange): TermsChange => ({
  ...change,
  ...(change.orderQty !== undefined && { orderQty: quantityText(change.orderQty) }),
  ...(change.price !== undefined && { price: priceText(change.price) }),
  ...(change.stopPx !== undefined && { stopPx: priceText(change.stopPx) }),
});

const canonicalTerms = (terms: OrderTerms): OrderTerms => ({ ...terms, ...canonicalChange(terms), orderQty: quantityText(terms.orderQty) });

function placeOrder(state: OrderState, { clOrdId, terms }: PlaceOrder): OrderDecision {
  if (state.exists) return reject('order_exists', `there is an order with the ClOrdID ${JSON.stringify(clOrdId)} already`, 'clOrdId');
  const refused = checkClOrdId(clOrdId) ?? checkTerms(terms);
  return refused ?? accept({ type: 'OrderPlaced', data: { origin: 'intent', refs: { clOrdId }, terms: canonicalTerms(terms) } });
}

const ENDED = new Set<string>(['canceled', 'rejected', 'expired']);

/** Why no request can be made of this order; `undefined` where one can. */
function checkRequest(state: OrderState, clOrdId: string): Decision<never> | undefined {
  if (!state.exists || state.redirectsTo !== undefined || state.view.openedAt === undefined) return reject('order_not_found', 'there is no such order');
  const refused = checkClOrdId(clOrdId);
  if (refused) return refused;
  const { liveClOrdId, ordStatus } = state.view;
  if (clOrdId === liveClOrdId) return reject('cl_ord_id_in_use', 'a request needs a ClOrdID of its own: this one is the order’s', 'clOrdId');
  return ENDED.has(ordStatus) ? reject('nothing_left', `nothing is left of the order: it is ${ordStatus}`) : undefined;
}

const requestRefs = (state: OrderState, clOrdId: string): { clOrdId: string; origClOrdId?: string; brokerOrderId?: string } => ({
  clOrdId,
  ...(state.view.liveClOrdId !== undefined && { origClOrdId: state.view.liveClOrdId }),
  ...(state.view.brokerOrderId !== undefined && { brokerOrderId: state.view.brokerOrderId }),
});

function requestCancel(state: OrderState, { clOrdId }: RequestCancel): OrderDecision {
  const refused = checkRequest(state, clOrdId);
  if (refused) return refused;
  if (state.view.isOver) return reject('nothing_left', `nothing is left to cancel: the order is ${state.view.ordStatus}`);
  return accept({ type: 'CancelRequested', data: { origin: 'intent', refs: requestRefs(state, clOrdId) } });
}

/** Whether a change asks for anything that the terms do not have. */
function changesTerms(change: TermsChange, terms: OrderTerms | undefined): boolean {
  const isNew = (field: keyof TermsChange): boolean => change[field] !== undefined && change[field] !== terms?.[field];
  return isNew('orderQty') || isNew('price') || isNew('stopPx') || isNew('ordType') || isNew('timeInForce');
}

/** A filled order can be replaced by a larger one (Appendix D, C.1.c). */
function requestReplace(state: OrderState, command: RequestReplace): OrderDecision {
  const { view } = state;
  const refused = checkRequest(state, command.clOrdId) ?? checkChange(command.change, view.terms);
  if (refused) return refused;
  const change = canonicalChange(command.change);
  if (!changesTerms(change, view.terms)) return reject('nothing_changed', 'the order has these terms already', 'change');
  const asked = change.orderQty === undefined ? undefined : tryQuantity(change.orderQty);
  const reopensFilled = asked !== undefined && compareQuantity(asked, view.cumQty) > 0 && compareQuantity(view.cumQty, view.orderQty) >= 0;
  if (view.isOver && !reopensFilled) return reject('nothing_left', `nothing is left to replace: the order is ${view.ordStatus}`);
  return accept({ type: 'ReplaceRequested', data: { origin: 'intent', refs: requestRefs(state, command.clOrdId), change } });
}

function linkOrder(state: OrderState, { intoOrderId }: LinkOrder): OrderDecision {
  if (state.redirectsTo === intoOrderId) return NOTHING_NEW;
  if (state.redirectsTo !== undefined) return reject('already_linked', `the order is linked into ${state.redirectsTo}`, 'intoOrderId');
  if (!state.exists) return reject('order_not_found', 'there is no such order');
  return accept({ type: 'OrderLinked', data: { intoOrderId } });
}

function claimAlias(state: OrderState, { orderId, aliasKey }: ClaimAlias): OrderDecision {
  if (state.redirectsTo === orderId) return NOTHING_NEW;
  if (state.redirectsTo !== undefined) return reject('alias_taken', `the alias names order ${state.redirectsTo}`, 'aliasKey');
  if (state.exists) return reject('alias_is_order', 'the alias is the first name of an order of its own', 'aliasKey');
  return accept({ type: 'AliasClaimed', data: { orderId, aliasKey } });
}

function decide(state: OrderState, command: OrderCommand): OrderDecision {
  if (command.kind === 'RecordOrderFact') return recordFact(state, command);
  const repeated = decideRepeated(state, command);
  if (repeated) return repeated;
  switch (command.kind) {
    case 'PlaceOrder':
      return placeOrder(state, command);
    case 'RequestCancel':
      return requestCancel(state, command);
    case 'RequestReplace':
      return requestReplace(state, command);
    case 'LinkOrder':
      return linkOrder(state, command);
    case 'ClaimAlias':
      return claimAlias(state, command);
  }
}

/** An order: its facts folded in the order of their source, its intents checked against what they amount to. */
export const orderDecider: Decider<OrderState, OrderCommand, OrderEventBody> = { initialState, evolve, decide };
