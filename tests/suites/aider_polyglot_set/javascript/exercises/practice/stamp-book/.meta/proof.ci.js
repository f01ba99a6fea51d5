export const pages = (stamps, width) => {
  const book = [];
  let left = 0;
  let number = 0;
  for (const stamp of stamps) {
    number += 1;
    if (stamp > width) {
      throw new Error(`stamp ${number} does not fit`);
    }
    if (book.length === 0 || stamp > left) {
      book.push([]);
      left = width;
    }
    book.at(-1).push(stamp);
    left -= stamp;
  }
  return book;
};

export function* mirrored(stamps) {
  yield* [...stamps].reverse();
}
