import { SeatPlan } from './seat-plan';

describe('SeatPlan', () => {
  test('an empty hall is free', () => {
    expect(new SeatPlan(2, 3).free).toBe(6);
  });

  xtest('the first group sits in front, on the left', () => {
    expect(new SeatPlan(2, 3).book(2)).toEqual(['1-1', '1-2']);
  });

  describe('with a group of two in the first row', () => {
    const hall = () => {
      const plan = new SeatPlan(2, 3);
      plan.book(2);
      return plan;
    };

    xtest('the next two sit in the second row', () => {
      expect(hall().book(2)).toEqual(['2-1', '2-2']);
    });

    xtest('one guest fills the gap', () => {
      expect(hall().book(1)).toEqual(['1-3']);
    });

    xtest('four find no seats, and none are taken', () => {
      const plan = hall();
      expect(plan.book(4)).toBeNull();
      expect(plan.free).toBe(4);
    });

    xtest('a seat that is given back can be booked again', () => {
      const plan = hall();
      plan.cancel('1-2');
      expect(plan.book(2)).toEqual(['1-2', '1-3']);
    });

    xtest('a seat that nobody booked cannot be given back', () => {
      expect(() => hall().cancel('1-9')).toThrow(new Error('1-9 is not booked'));
    });
  });
});
