import type { Command } from 'commander';

/**
 * Adds a command to a program.
 *
 * @param loadAll makes a program of which every command is loaded
 */
export type Register = (program: Command, loadAll: () => Promise<Command>) => void;

/** One command: what the list of commands says of it, and where the rest is. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Loads what adds the command to a program: only the one that runs is paid for (a spy's takes 200 ms). */
  readonly load: () => Promise<Register>;
}

/** Every command, in the order in which help shows them. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'spy',
    summary: 'join a cluster and list its nodes',
    load: async () => (await import('./spy.ts')).registerSpy,
  },
  {
    name: 'nodes',
    summary: 'list nodes as a table, JSON or CSV, with filters',
    load: async () => (await import('./nodes.ts')).registerNodes,
  },
  {
    name: 'values',
    summary: 'list values of the table: votes, contact infos, slots, …',
    load: async () => (await import('./values.ts')).registerValues,
  },
  {
    name: 'dump',
    summary: 'write the whole table with its signed bytes',
    load: async () => (await import('./values.ts')).registerDump,
  },
  {
    name: 'verify',
    summary: 'check signatures, hashes and fields of a dump',
    load: async () => (await import('./verify.ts')).registerVerify,
  },
  {
    name: 'stats',
    summary: 'what gossip traffic is made of, and what it costs',
    load: async () => (await import('./stats.ts')).registerStats,
  },
  {
    name: 'doctor',
    summary: 'check what a spy needs, and say how to mend what is wrong',
    load: async () => (await import('./doctor.ts')).registerDoctor,
  },
  {
    name: 'decode',
    summary: 'show gossip packets from a capture, hex or base64',
    load: async () => (await import('./decode.ts')).registerDecode,
  },
  {
    name: 'capture',
    summary: 'write what comes in to a file that Wireshark opens',
    load: async () => (await import('./capture.ts')).registerCapture,
  },
  {
    name: 'replay',
    summary: 'send the packets of a capture again',
    load: async () => (await import('./replay.ts')).registerReplay,
  },
  {
    name: 'demo',
    summary: 'try it without a network: a cluster on this machine',
    load: async () => (await import('./demo.ts')).registerDemo,
  },
  {
    name: 'keygen',
    summary: 'make a key file for --identity',
    load: async () => (await import('./keygen.ts')).registerKeygen,
  },
  {
    name: 'completion',
    summary: 'let the Tab key complete commands and flags',
    load: async () => (await import('./completion.ts')).registerCompletion,
  },
];
