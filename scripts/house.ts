/** The house: its top-level folders and who may import whom (docs/architecture.md draws it). */

/** Folders with sources. `ledger` is two layers with a door each. */
export const HOUSE = [
  'apps',
  'cli',
  'consensus',
  'genesis',
  'ledger',
  'node',
  'p2p',
  'rpc',
  'scripts',
  'vm',
] as const;

export type Layer =
  | 'apps'
  | 'cli'
  | 'consensus'
  | 'genesis'
  | 'ledger/model'
  | 'ledger/store'
  | 'node'
  | 'p2p'
  | 'rpc'
  | 'scripts'
  | 'vm';

export type LayerRule = {
  /** Folder relative to the root. */
  readonly layer: Layer;
  /** Files by which others enter, relative to the folder. */
  readonly doors: readonly string[];
  /** Layers it may import; `rpc/client.ts` names one door of a layer. */
  readonly imports: readonly (Layer | 'rpc/client.ts')[];
  /**
   * Set for a layer with no clock, network, disk, randomness or timer: the only packages it may
   * reach. Through its own imports it reaches pure layers alone.
   */
  readonly purePackages?: readonly string[];
};

/** Top first; a layer imports only what stands below it. */
export const LAYERS: readonly LayerRule[] = [
  {
    layer: 'scripts',
    doors: [],
    imports: [
      'cli',
      'apps',
      'node',
      'genesis',
      'rpc',
      'p2p',
      'consensus',
      'vm',
      'ledger/store',
      'ledger/model',
    ],
  },
  {
    layer: 'cli',
    doors: ['index.ts'],
    imports: ['node', 'genesis', 'rpc/client.ts', 'consensus', 'ledger/model'],
  },
  { layer: 'apps', doors: ['index.ts'], imports: ['rpc'] },
  {
    layer: 'node',
    doors: ['index.ts'],
    imports: ['genesis', 'rpc', 'p2p', 'consensus', 'vm', 'ledger/store', 'ledger/model'],
  },
  {
    layer: 'genesis',
    doors: ['index.ts'],
    imports: ['vm', 'consensus', 'ledger/store', 'ledger/model'],
  },
  { layer: 'rpc', doors: ['index.ts', 'client.ts'], imports: ['ledger/model'] },
  { layer: 'p2p', doors: ['index.ts'], imports: ['consensus', 'ledger/model'] },
  { layer: 'consensus', doors: ['index.ts'], imports: ['ledger/model'], purePackages: [] },
  {
    layer: 'vm',
    doors: ['index.ts'],
    imports: ['ledger/model'],
    purePackages: ['@ethereumjs', '@noble/curves', '@noble/hashes', 'mcl-wasm'],
  },
  { layer: 'ledger/store', doors: ['index.ts'], imports: ['ledger/model'] },
  {
    layer: 'ledger/model',
    // The second door is for what is compiled to WebAssembly, whose compiler names no extension.
    doors: ['index.ts', 'assembly/sponge'],
    imports: [],
    purePackages: ['@noble/curves', '@noble/hashes'],
  },
];
