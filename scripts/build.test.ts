import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { builtManifest, rewriteUrls } from './build.ts';

const test = suite('scripts/build');

test('entry points named by URL become the built files, other text stays', () => {
  assert.is(
    rewriteUrls("new Worker(new URL('./recovery-worker.ts', import.meta.url))"),
    "new Worker(new URL('./recovery-worker.js', import.meta.url))",
  );
  const other = "new URL('./wire.proto', import.meta.url); 'a.ts'";
  assert.is(rewriteUrls(other), other);
});

test('the built manifest resolves package imports to JavaScript', () => {
  const manifest = builtManifest({
    name: 'ehb',
    version: '1.0.0',
    type: 'module',
    imports: { '#crypto': { node: './a.node.ts', default: './a.default.ts' } },
  });
  assert.equal(manifest.imports, { '#crypto': { node: './a.node.js', default: './a.default.js' } });
});

test.run();
