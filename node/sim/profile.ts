/** What a kind of trouble is: who is faulty from the start, and what happens before all heals. */
import type { Random } from '../../consensus/testkit/random.ts';
import type { Cluster, ClusterOptions } from './cluster.ts';

export type Setup = Pick<ClusterOptions, 'byzantine' | 'twins'>;

export type Profile = {
  readonly name: string;
  readonly setup: (
    random: Random,
    size: { readonly validators: number; readonly faults: number },
  ) => Setup;
  readonly trouble: (cluster: Cluster) => Promise<void>;
  /** Dead nodes up to f may stay dead when the network heals. */
  readonly mayStayDead?: boolean;
};

/** Nobody lies. */
export const HONEST: Setup = { byzantine: new Map(), twins: [] };
