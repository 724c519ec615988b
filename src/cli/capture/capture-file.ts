import { createWriteStream, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { SpyError } from '../../util/assert.ts';
import {
  type CapturedDatagram,
  type CaptureStatistics,
  encodeHeader,
  encodeStatistics,
  packetBlockBytes,
  type SectionNotes,
  writePacketBlock,
} from './pcapng-writer.ts';

/** Blocks gathered before they are written: one system call for many. */
const CHUNK_BYTES = 65_536;

/** What may wait for a slow disk or reader; beyond it datagrams are left out, and counted. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** What a closed pipe answers. */
const READER_GONE = 'EPIPE';

/** What a capture may be told; everything may be left out. */
export interface CaptureLimits {
  /** Datagrams. */
  readonly packets?: number | undefined;
  /** Bytes of the file. */
  readonly bytes?: number | undefined;
  /** Bytes that may wait to be written. */
  readonly waiting?: number | undefined;
}

/** What keeps a capture from going on. */
export type CaptureEnd = 'full' | 'reader gone' | 'failed';

/** A capture while it is written. Datagrams are handed over as they come and never waited for. */
export class CaptureFile {
  readonly #out: Writable;
  readonly #path: string;
  readonly #limits: CaptureLimits;
  readonly #tell: (end: CaptureEnd) => void;
  readonly #ended: Promise<void>;
  #chunk = Buffer.alloc(CHUNK_BYTES);
  #at = 0;
  #end: CaptureEnd | undefined;
  #failure: NodeJS.ErrnoException | undefined;
  /** Datagrams in the file. */
  written = 0;
  /** Datagrams for which the disk or the reader was too slow. */
  leftOut = 0;
  /** Bytes of the file. */
  bytes = 0;

  /**
   * @param out where it goes, as `openCapture` gives it
   * @param path how messages name it
   * @param tell called once when it cannot go on
   */
  constructor(out: Writable, path: string, limits: CaptureLimits, tell: (end: CaptureEnd) => void) {
    this.#out = out;
    this.#path = path;
    this.#limits = limits;
    this.#tell = tell;
    this.#ended = finished(out, { cleanup: true }).catch((error: NodeJS.ErrnoException) => {
      this.#failure = error;
      this.#stop(error.code === READER_GONE ? 'reader gone' : 'failed');
    });
  }

  /** Writes what stands before the first packet. */
  begin(notes: SectionNotes): void {
    this.#write(encodeHeader(notes));
    this.flush();
  }

  /** Takes one datagram. @units length: bytes that it had; `kept` of them are at `at` */
  add(
    datagram: CapturedDatagram,
    bytes: Uint8Array,
    at: number,
    kept: number,
    length: number,
  ): void {
    if (this.#end) return;
    const { packets, bytes: most, waiting = MAX_WAITING_BYTES } = this.#limits;
    const size = packetBlockBytes(kept);
    if (most !== undefined && this.bytes + size > most) {
      this.#stop('full');
      return;
    }
    if (this.#out.writableLength > waiting) {
      this.leftOut++;
      return;
    }
    if (this.#at + size > CHUNK_BYTES) this.flush();
    const room = size > CHUNK_BYTES ? Buffer.alloc(size) : this.#chunk;
    const end = writePacketBlock(room, this.#at, datagram, bytes, at, kept, length);
    this.bytes += size;
    this.written++;
    if (room === this.#chunk) this.#at = end;
    else this.#out.write(room);
    if (packets !== undefined && this.written >= packets) this.#stop('full');
  }

  /** Hands over what has gathered, so that a reader sees it. */
  flush(): void {
    if (this.#at === 0) return;
    this.#out.write(this.#chunk.subarray(0, this.#at));
    this.#chunk = Buffer.alloc(CHUNK_BYTES);
    this.#at = 0;
  }

  /**
   * Writes what stands behind the last packet and waits until all is out.
   * @throws SpyError OUTPUT_FAILED, for example on a full disk
   */
  async close(statistics: Omit<CaptureStatistics, 'written'>): Promise<void> {
    if (!this.#failure) {
      this.flush();
      this.#write(encodeStatistics({ ...statistics, written: this.written }));
      this.flush();
      this.#out.end();
    }
    await this.#ended;
    if (!this.#failure || this.#failure.code === READER_GONE) return;
    throw new SpyError(
      'OUTPUT_FAILED',
      `Writing ${this.#path} failed: ${this.#failure.message}. What was written so far can be read.`,
      { cause: this.#failure },
    );
  }

  #write(block: Uint8Array): void {
    this.flush();
    this.#out.write(block);
    this.bytes += block.length;
  }

  #stop(end: CaptureEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#tell(end);
  }
}

/**
 * Opens what a capture is written to, before the work begins: `-` is standard output.
 *
 * @throws SpyError OUTPUT_IS_TERMINAL, OUTPUT_UNWRITABLE
 */
export function openCapture(path: string): Writable {
  if (path === '-') {
    if (process.stdout.isTTY) {
      throw new SpyError(
        'OUTPUT_IS_TERMINAL',
        'A capture is no text to be read on a terminal. Name a file, or pipe it on: earshot capture - | wireshark -k -i -',
      );
    }
    return process.stdout;
  }
  try {
    return createWriteStream(path, { fd: openSync(path, 'w') });
  } catch (cause) {
    throw new SpyError(
      'OUTPUT_UNWRITABLE',
      `Cannot write ${path} (${(cause as Error).message}). Name a file in a folder that exists and is yours.`,
      { cause },
    );
  }
}
