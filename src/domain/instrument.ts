import type { DecimalString } from './decimal.js';

export type SecurityType = 'equity' | 'option' | 'future' | 'spot' | 'forex' | 'multileg' | 'other';

/** What is traded, with all that a posting needs: an event never refers to reference data that can change. */
export interface Instrument {
  /** Fillbook's name of the instrument within its tenant; an adapter maps the source's own symbol to it. */
  readonly symbol: string;
  readonly securityType: SecurityType;
  /** Money per point of price and unit of quantity: 1 for a share, 100 for a US equity option. */
  readonly multiplier: DecimalString;
  readonly quoteCurrency: string;
  readonly settlementCurrency: string;
}
