export class SeatPlan {
  constructor(rows, seats) {
    this.taken = Array.from({ length: rows }, () => Array(seats).fill(false));
  }

  book(size) {
    for (const [row, seats] of this.taken.entries()) {
      for (let first = 0; first + size <= seats.length; first += 1) {
        if (seats.slice(first, first + size).every((taken) => !taken)) {
          seats.fill(true, first, first + size);
          return Array.from({ length: size }, (_, i) => `${row + 1}-${first + i + 1}`);
        }
      }
    }
    return null;
  }

  get free() {
    return this.taken.flat().filter((taken) => !taken).length;
  }

  cancel(name) {
    const [row, seat] = name.split('-').map((part) => Number(part) - 1);
    if (!this.taken[row]?.[seat]) {
      throw new Error(`${name} is not booked`);
    }
    this.taken[row][seat] = false;
  }
}
