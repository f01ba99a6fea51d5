import { mirrored, pages } from './stamp-book';

describe('pages', () => {
  test('no stamps need no page', () => {
    expect(pages([], 10)).toEqual([]);
  });

  xtest('stamps share a page to its edge', () => {
    expect(pages([4, 3, 3], 10)).toEqual([[4, 3, 3]]);
  });

  xtest('a stamp that does not fit begins a page', () => {
    expect(pages([4, 3, 4, 1], 10)).toEqual([[4, 3], [4, 1]]);
  });

  xtest('a gap on an earlier page stays', () => {
    expect(pages([6, 6, 1], 10)).toEqual([[6], [6, 1]]);
  });

  xtest('a generator is read', () => {
    expect(pages(mirrored([1, 9]), 10)).toEqual([[9, 1]]);
  });

  xtest('a stamp that is too wide', () => {
    expect(() => pages([1, 11], 10)).toThrow(new Error('stamp 2 does not fit'));
  });
});

describe('mirrored', () => {
  xtest('gives the last one first', () => {
    expect([...mirrored([1, 2, 3])]).toEqual([3, 2, 1]);
  });
});
