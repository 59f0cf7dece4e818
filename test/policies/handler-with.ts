import type { CommandHandler } from '../../src/eventstore/commands.js';

/** The handler with some of its commands in other hands: where a test makes faults happen around the real one. */
export const handlerWith = (handler: CommandHandler, changes: Partial<CommandHandler>): CommandHandler => ({
  recordOrderFact: (fact) => handler.recordOrderFact(fact),
  placeOrder: (command, context) => handler.placeOrder(command, context),
  changeOrder: (id, command, context) => handler.changeOrder(id, command, context),
  openPosition: (command, context) => handler.openPosition(command, context),
  changePosition: (id, command, context) => handler.changePosition(id, command, context),
  takeUpParked: (...given) => handler.takeUpParked(...given),
  resolveAlias: (alias) => handler.resolveAlias(alias),
  ownerOf: (stream) => handler.ownerOf(stream),
  close: () => handler.close(),
  ...changes,
});
