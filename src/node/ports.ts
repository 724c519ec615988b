/** What a node is given from outside, so that whole nodes run in tests on virtual time and wires. */

/** Receives one datagram; `bytes` is only valid during the call. @units ip: IPv4 as a number */
export type DatagramHandler = (
  bytes: Uint8Array,
  at: number,
  length: number,
  ip: number,
  port: number,
) => void;

/** A datagram socket. Errors of single sends are counted, never thrown. */
export interface Transport {
  /**
   * Opens the socket; resolves with the port it is bound to. What comes in goes to the handler, unless
   * a receive thread reads the socket itself. @throws SpyError when it cannot
   */
  open(handler: DatagramHandler): Promise<{ port: number }>;
  /**
   * Hands one datagram over. Its bytes stay as they are until the next `flush`; after that they are
   * free again.
   */
  send(bytes: Uint8Array, at: number, length: number, ip: number, port: number): void;
  /** Gives everything handed over to the system. */
  flush(): void;
  /** Datagrams handed over that the system has not taken yet. */
  pending(): number;
  /** Datagrams that the kernel threw away since the start because its buffer was full. */
  kernelDropped(): number;
  /** Sends that the system refused. */
  failedSends(): number;
  /** Bytes of the kernel's receive buffer as granted, 0 where it does not say. */
  receiveBufferBytes(): number;
  close(): Promise<void>;
}

/** Looks on while a node receives and sends, for example to write a capture. */
export interface Tap {
  /** A datagram as it came in; refused ones too. */
  readonly received: DatagramHandler;
  /** A datagram as it was handed over to be sent, with where it goes. */
  readonly sent: DatagramHandler;
}

/** The subset of pino that nodes use; structured fields first, never bytes of the network in a text. */
export interface Logger {
  /** Least important level that is written, where that can be chosen. */
  level?: string;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Says nothing. */
export const SILENT_LOGGER: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
