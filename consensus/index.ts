export type { Effect, LogEntry } from './effect.ts';
export type { ConsensusConfig, HeightContext, Input, Timer, ValidationResult } from './input.ts';
export type { LogRecord } from './log-record.ts';
export { heightOfRecord } from './log-record.ts';
export type { QbftMessage, UnsignedMessage } from './messages.ts';
