/** Main's side of the HTTP API: what the observer's thread is told at its start, and what it may ask. */
import type { IntervalHistogram } from 'node:perf_hooks';
import { listBounds } from '../../node/bounds.ts';
import { Genesis } from '../../node/genesis.ts';
import type { Logger } from '../../node/ports.ts';
import type { SpyNode } from '../../node/spy.ts';
import type { StakeReport } from '../../node/stake-keeper.ts';
import type { StoreReport } from '../../node/store-keeper.ts';
import { formatAddress } from '../../util/ipv4.ts';
import { versionText } from '../../wire/decode-value.ts';
import { nodeCoverage } from '../coverage.ts';
import { LoopWatch, type ReportSource, unprovedReport } from '../main-report.ts';
import { collectStats } from '../stats.ts';
import type { HttpSetup } from './http-api.ts';
import { type ListenAddress, urlOf } from './settings.ts';

/** What serving is made from. */
export interface ServingOptions {
  readonly address: ListenAddress;
  readonly node: SpyNode;
  readonly loop: IntervalHistogram;
  readonly stakeReport: () => StakeReport | undefined;
  readonly storeReport?: () => StoreReport | undefined;
  /** As the operator named them. */
  readonly entrypoints: readonly string[];
  /** Where stakes come from, if that is a text. */
  readonly stakes: string | undefined;
  /** When the spy started. @units monotonic ms */
  readonly startedMs: number;
  readonly logger: Logger;
}

/** @owner main */
export class HttpServing {
  /** What the thread may ask of main. */
  readonly source: ReportSource;
  readonly #options: ServingOptions;
  readonly #loop = new LoopWatch();
  #address: ListenAddress;
  #isOpen = false;

  constructor(options: ServingOptions) {
    this.#options = options;
    this.#address = options.address;
    const { node, loop, stakeReport, storeReport, startedMs, logger } = options;
    const genesis = new Genesis(options.entrypoints, options.stakes);
    const bounds = listBounds(node.parts.regions.capacities);
    this.source = {
      report: (withUnproved) => ({
        at: node.parts.clock.wallMs(),
        gossip: gossipOf(node),
        stats: collectStats(node, loop, stakeReport(), storeReport?.()),
        loop: this.#loop.take(),
        coverage: nodeCoverage(node),
        unproved: withUnproved ? unprovedReport(node, startedMs) : null,
        overflows: bounds.map(({ item, count }) => [item, count(node.parts)]),
      }),
      genesisHash: () => genesis.hash(),
      bug: (words) =>
        logger.error({ words }, 'a bug in the HTTP API: one request was not answered'),
    };
  }

  /** What the thread is told; after the first time with the port that it got then. */
  get setup(): HttpSetup {
    const { node, startedMs } = this.#options;
    const { parts } = node;
    const { clock, options, identity, publisher } = parts;
    const { major, minor, channel, patch, featureSet } = publisher.contact.version;
    const steadyOffsetMs = clock.steadyMs() - clock.monoMs();
    return {
      address: this.#address,
      facts: {
        identity: identity.address,
        shredVersion: options.shredVersion,
        allowPrivate: options.allowPrivate,
        version: versionText(major, minor, channel, patch),
        featureSet,
        startedWallMs: Math.round(clock.wallMs() - (clock.monoMs() - startedMs)),
        startedSteadyMs: startedMs + steadyOffsetMs,
        steadyOffsetMs,
      },
    };
  }

  /** Where the API is. */
  get url(): string {
    return urlOf(this.#address);
  }

  /** The thread listens. */
  opened(address: ListenAddress): void {
    this.#address = address;
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#loop.start();
    this.#options.logger.info({ url: this.url }, 'the HTTP API is open');
  }

  /** The spy stops. */
  stop(): void {
    this.#loop.stop();
  }
}

function gossipOf({ parts }: SpyNode): string {
  const { ownIp, ownPort } = parts.publisher;
  return formatAddress(ownIp, ownPort);
}
