import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

class CoinPouch {

    private final List<Integer> coins = new ArrayList<>();

    void put(int coin) {
        if (coin < 1) {
            throw new IllegalArgumentException("a coin is worth something");
        }
        coins.add(coin);
    }

    int total() {
        return coins.stream().mapToInt(Integer::intValue).sum();
    }

    List<Integer> pay(int price) throws NoSuchCoinsException {
        List<List<Integer>> best = new ArrayList<>();
        best.add(List.of());
        for (int sum = 1; sum <= price; sum++) {
            best.add(null);
        }
        for (int coin : coins) {
            for (int sum = price; sum >= coin; sum--) {
                List<Integer> without = best.get(sum - coin);
                if (without != null && (best.get(sum) == null || without.size() + 1 < best.get(sum).size())) {
                    List<Integer> with = new ArrayList<>(without);
                    with.add(coin);
                    best.set(sum, with);
                }
            }
        }
        List<Integer> paid = best.get(price);
        if (paid == null) {
            throw new NoSuchCoinsException(price);
        }
        paid = new ArrayList<>(paid);
        paid.sort(Comparator.reverseOrder());
        for (Integer coin : paid) {
            coins.remove(coin);
        }
        return paid;
    }
}
