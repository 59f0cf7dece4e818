/**
 * The accounts of the ledger, each with a balance in every unit that it holds:
 * - `cash`: money, and coins and currencies that were bought as such
 * - `instrument`: securities, each in its own unit
 * - `instrument_trading`: the other side of those. Apart from `trading`, since a security's symbol may be a currency's code (USD is an ETF)
 * - `trading`: the other side of money in every exchange of one unit for another (Selinger, "Tutorial on multiple currency accounting");
 *   in the quote currency its balance is the cost of what is open
 * - `fees`: an expense, in whatever was paid
 * - `realised_pnl`: a gain is a credit, so it is negative
 */
export type LedgerAccount = 'cash' | 'instrument' | 'instrument_trading' | 'trading' | 'fees' | 'realised_pnl';

/** How the cost of what is closed is found: the lots that were opened first, or the average of what is open. */
export type CostMethod = 'fifo' | 'average';
