import java.util.List;

class CoinPouch {

    void put(int coin) {
        throw new UnsupportedOperationException("Write this method.");
    }

    int total() {
        throw new UnsupportedOperationException("Write this method.");
    }

    List<Integer> pay(int price) throws NoSuchCoinsException {
        throw new UnsupportedOperationException("Write this method.");
    }
}
