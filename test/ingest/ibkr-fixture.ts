import { Buffer } from 'node:buffer';

/* Flex statements as Interactive Brokers writes them; accounts, symbols and ids are made up. */

export type Attributes = Readonly<Record<string, string>>;

/** A trade of an order for shares, 100 at 20. */
export const STOCK_TRADE: Attributes = {
  accountId: 'U7654321',
  acctAlias: 'my alias',
  currency: 'USD',
  assetCategory: 'STK',
  symbol: 'ACME',
  description: 'ACME & SONS "A"',
  conid: '101',
  multiplier: '1',
  strike: '',
  expiry: '',
  putCall: '',
  tradeID: '9100000001',
  tradeDate: '20261120',
  tradeTime: '093406',
  transactionType: 'ExchTrade',
  exchange: 'ARCA',
  quantity: '100',
  tradePrice: '20',
  tradeMoney: '2000',
  taxes: '-0.1',
  ibCommission: '-0.5',
  ibCommissionCurrency: 'USD',
  openCloseIndicator: 'O',
  notes: 'P;',
  origTradeID: '',
  origOrderID: '0',
  transactionID: '31000000001',
  buySell: 'BUY',
  ibOrderID: '800000001',
  ibExecID: '0000d514.67400001.01.01',
  brokerageOrderID: '',
  orderTime: '20261120;070007',
  levelOfDetail: 'EXECUTION',
  orderType: 'LMT',
  traderID: '',
};

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

export const element = (name: string, attributes: Attributes): string => `<${name} ${Object.entries(attributes).map(([key, value]) => `${key}="${escaped(value)}"`).join(' ')} />`;
export const trade = (changed: Attributes = {}): string => element('Trade', { ...STOCK_TRADE, ...changed });

/** The trade under the names that confirmations have for its fields. */
export function confirm(changed: Attributes = {}): string {
  const { ibExecID = '', ibOrderID = '', tradePrice = '', ibCommission = '', ibCommissionCurrency = '', taxes = '', notes = '', tradeMoney = '', tradeTime = '', tradeDate = '', transactionID: _none, openCloseIndicator: _open, ...same } = { ...STOCK_TRADE, ...changed };
  return element('TradeConfirm', {
    ...same,
    execID: ibExecID,
    orderID: ibOrderID,
    price: tradePrice,
    amount: tradeMoney,
    commission: ibCommission,
    commissionCurrency: ibCommissionCurrency,
    tax: taxes,
    code: `O;${notes}`,
    tradeDate,
    dateTime: `${tradeDate};${tradeTime}`,
  });
}

/** The cancel of a trade, as IB books it. */
export const cancel = (of: string, changed: Attributes = {}): string =>
  trade({ tradeID: '', transactionID: '31000000099', ibExecID: '', origTradeID: of, transactionType: 'TradeCancel', exchange: '--', notes: 'Ca', buySell: 'BUY (Ca.)', quantity: '-100', ibCommission: '0.5', taxes: '0', ...changed });

export const statementOf = (accountId: string, elements: readonly string[], section = 'Trades'): string =>
  `<FlexStatement accountId="${accountId}" fromDate="20261120" toDate="20261120" period="LastBusinessDay" whenGenerated="20261121;003000">\n<${section}>\n${elements.join('\n')}\n</${section}>\n</FlexStatement>`;

export const queryOf = (...statements: readonly string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<FlexQueryResponse queryName="All" type="AF">\n<FlexStatements count="${statements.length}">\n${statements.join('\n')}\n</FlexStatements>\n</FlexQueryResponse>\n`;

export const statement = (...elements: readonly string[]): string => queryOf(statementOf('U7654321', elements));

/** Bytes cut at these places. */
export async function* chunksOf(text: string | Buffer, cuts: readonly number[] = []): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  const places = [0, ...[...cuts].filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
  for (const [index, from] of places.entries()) yield bytes.subarray(from, places[index + 1] ?? bytes.length);
}
