import { orderId, execId } from '../../src/domain/ids.js';
import { changeBook, EMPTY_BOOK } from '../../src/domain/ledger/book.js';
import type { BookState } from '../../src/domain/ledger/book.js';
import type { Posting } from '../../src/domain/ledger/entries.js';
import { addAmount, formatAmount, negateAmount, ZERO_AMOUNT } from '../../src/domain/ledger/amount.js';
import type { Amount } from '../../src/domain/ledger/amount.js';
import { formatQuantity } from '../../src/domain/amounts.js';
import { postedInstrument } from '../../src/domain/ledger/instrument.js';
import { comparePlaces } from '../../src/domain/ledger/place.js';
import type { Place } from '../../src/domain/ledger/place.js';
import { tradeOf } from '../../src/domain/ledger/trade.js';
import { orderDecider } from '../../src/domain/order/decider.js';
import type { OrderExecution, OrderState } from '../../src/domain/order/state.js';
import { decodeOrderEvent } from '../../src/eventstore/codec.js';
import type { TestLedger } from './ledger.js';

/*
 * The ledger as it has to be, without the projection: every order folded at every event, every execution that counts in the
 * end posted once, in the order in which they first appeared, into books that begin empty.
 */

interface Survivor {
  readonly orderId: string;
  readonly place: Place;
  readonly execution: OrderExecution;
  readonly owner: string;
}

const counted = ({ redirectsTo, view }: OrderState): readonly OrderExecution[] => (redirectsTo === undefined ? view.executions.filter(({ status }) => status !== 'busted') : []);

async function survivors(ledger: TestLedger): Promise<Survivor[]> {
  const orders = new Map<string, OrderState>();
  const places = new Map<string, Place>();
  for await (const { events } of ledger.store.readAll(undefined, ['order-'])) {
    for (const event of events) {
      const state = orderDecider.evolve(orders.get(event.stream) ?? orderDecider.initialState, decodeOrderEvent(event));
      orders.set(event.stream, state);
      let index = 0;
      for (const execution of counted(state)) {
        const name = `${event.stream} ${execution.execId}`;
        if (places.has(name)) continue;
        places.set(name, { position: event.position, index });
        index += 1;
      }
    }
  }
  const all = [...orders].flatMap(([stream, state]) =>
    counted(state).map((execution) => ({
      orderId: stream.slice('order-'.length),
      place: places.get(`${stream} ${execution.execId}`) ?? { position: 0n, index: 0 },
      execution,
      owner: [state.tenantId, state.accountId, state.view.terms?.environment ?? 'unknown'].join(' '),
    })),
  );
  return all.toSorted((a, b) => comparePlaces(a.place, b.place));
}

type Sums = Record<string, string>;

interface Truth {
  /** By tenant, account, environment, ledger account, unit and cost method. */
  readonly balances: Sums;
  /** By tenant, account, environment, symbol, unit, cost method and trading day. */
  readonly realised: Sums;
  /** By order and execution. */
  readonly lots: Sums;
}

class Summing {
  readonly #sums = new Map<string, Amount>();

  add(name: string, by: Amount): void {
    this.#sums.set(name, addAmount(this.#sums.get(name) ?? ZERO_AMOUNT, by));
  }

  get texts(): Sums {
    return Object.fromEntries([...this.#sums].map(([name, sum]) => [name, formatAmount(sum)] as const).filter(([, sum]) => sum !== '0'));
  }
}

/** What a fresh ledger of the surviving executions comes to. */
export async function truthOf(ledger: TestLedger): Promise<Truth> {
  const books = new Map<string, BookState>();
  const [balances, realised] = [new Summing(), new Summing()];
  for (const { orderId: order, place, execution, owner } of await survivors(ledger)) {
    const { instrument } = execution.execution;
    const name = JSON.stringify([owner, instrument]);
    const change = {
      key: { orderId: orderId(order), execId: execId(execution.execId) },
      place,
      version: execution.version,
      occurredAt: execution.occurredAt,
      trade: tradeOf(execution.execution, execution.tradingDay),
      counts: true,
      entryCount: 0,
    };
    const { state, postings } = changeBook(books.get(name) ?? EMPTY_BOOK, [], [change], postedInstrument(instrument));
    books.set(name, state);
    for (const { account, unit, amount, costMethod, tradingDay } of postings satisfies readonly Posting[]) {
      balances.add([owner, account, unit, costMethod ?? ''].join(' '), amount);
      if (account === 'realised_pnl') realised.add([owner, instrument.symbol, unit, costMethod, tradingDay].join(' '), negateAmount(amount));
    }
  }
  const lots = [...books.values()].flatMap(({ lots: open }) => open.toArray().map(({ opened, quantity }) => [`${opened.orderId} ${opened.execId}`, formatQuantity(quantity)] as const));
  return { balances: balances.texts, realised: realised.texts, lots: Object.fromEntries(lots) };
}

/** The same of the read model. */
export async function readTruth({ rows }: Pick<TestLedger, 'rows'>): Promise<Truth> {
  const sums = async (sql: string): Promise<Sums> => Object.fromEntries((await rows(sql)).map(({ name, sum }) => [String(name), String(sum)]));
  const [balances, realised, lots] = [
    await sums("SELECT concat_ws(' ', tenant_id, account_id, environment, account, unit, cost_method) AS name, trim_scale(amount) AS sum FROM balance WHERE amount <> 0"),
    await sums("SELECT concat_ws(' ', tenant_id, account_id, environment, symbol, unit, cost_method, trading_day) AS name, trim_scale(amount) AS sum FROM realised_pnl WHERE amount <> 0"),
    await sums("SELECT concat_ws(' ', order_id, exec_id) AS name, trim_scale(quantity) AS sum FROM lot"),
  ];
  return { balances, realised, lots };
}

/** Entries whose legs do not sum to zero in each unit, or belong to several cost methods: none in a ledger. */
export const unbalancedEntries = ({ rows }: Pick<TestLedger, 'rows'>): Promise<Record<string, unknown>[]> =>
  rows('SELECT order_id, exec_id, entry, unit FROM posting GROUP BY 1, 2, 3, 4 HAVING sum(amount) <> 0 OR count(DISTINCT coalesce(cost_method, \'\')) <> 1');

/** Balances that are not the sums of their postings, or lots that are not what the books hold: none in a ledger. */
export const wrongSums = ({ rows }: Pick<TestLedger, 'rows'>): Promise<Record<string, unknown>[]> =>
  rows(`
    SELECT 'balance' AS what, p.account, p.unit FROM balance b FULL JOIN
      (SELECT tenant_id, account_id, environment, account, unit, coalesce(cost_method, '') AS cost_method, sum(amount) AS amount FROM posting GROUP BY 1, 2, 3, 4, 5, 6) p
      USING (tenant_id, account_id, environment, account, unit, cost_method) WHERE b.amount IS DISTINCT FROM p.amount
    UNION ALL
    SELECT 'lots', symbol, book_id FROM book LEFT JOIN (SELECT book_id, sum(quantity) AS open FROM lot GROUP BY 1) l USING (book_id) WHERE coalesce(open, 0) <> quantity`);
