import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { applyHunks, parsePatch } from './unified-diff.ts';

const test = suite('scripts/unified-diff');

const SOURCE = 'one\ntwo\nthree\nfour\nfive\n';
const PATCH = `Why.

profiles: calm

--- a/folder/file.ts
+++ b/folder/file.ts
@@ -2,3 +2,3 @@
 two
-three
+drei
+vier
 four
`;

test('a patch has a preamble and files with hunks', () => {
  const { preamble, files } = parsePatch(PATCH);
  assert.is(preamble, 'Why.\n\nprofiles: calm\n');
  assert.equal(files, [
    {
      path: 'folder/file.ts',
      hunks: [{ before: ['two', 'three', 'four'], after: ['two', 'drei', 'vier', 'four'] }],
    },
  ]);
});

test('a hunk applies wherever its lines have moved', () => {
  const [file] = parsePatch(PATCH).files;
  const hunks = file?.hunks ?? [];
  assert.is(applyHunks(SOURCE, hunks), 'one\ntwo\ndrei\nvier\nfour\nfive\n');
  assert.is(applyHunks(`zero\n${SOURCE}`, hunks), 'zero\none\ntwo\ndrei\nvier\nfour\nfive\n');
});

test('a hunk whose lines are gone, or there twice, does not apply', () => {
  const [file] = parsePatch(PATCH).files;
  const hunks = file?.hunks ?? [];
  assert.is(applyHunks('one\ntwo\nthree!\nfour\n', hunks), undefined);
  assert.is(applyHunks(SOURCE + SOURCE, hunks), undefined);
  assert.is(applyHunks('', hunks), undefined);
});

test('what is no patch is refused', () => {
  for (const text of ['', 'nothing\n', '--- a/x\n+++ b/x\n', '--- a/x\n', `${PATCH}*\n`]) {
    assert.throws(
      () => parsePatch(text),
      (error: unknown) => error instanceof SyntaxError,
      text,
    );
  }
});

test.run();
