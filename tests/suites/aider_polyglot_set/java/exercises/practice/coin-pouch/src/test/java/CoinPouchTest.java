import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

public class CoinPouchTest {

    private static CoinPouch with(int... coins) {
        CoinPouch pouch = new CoinPouch();
        for (int coin : coins) {
            pouch.put(coin);
        }
        return pouch;
    }

    @Test
    public void anEmptyPouchIsWorthNothing() {
        assertThat(with().total()).isEqualTo(0);
    }

    @Disabled("Remove to run test")
    @Test
    public void coinsAddUp() {
        assertThat(with(5, 10, 10).total()).isEqualTo(25);
    }

    @Disabled("Remove to run test")
    @Test
    public void aPriceIsPaidInFewCoins() throws NoSuchCoinsException {
        CoinPouch pouch = with(1, 1, 1, 3, 4, 4, 5);
        assertThat(pouch.pay(8)).containsExactly(4, 4).hasSize(2);
        assertThat(pouch.total()).isEqualTo(11);
    }

    @Disabled("Remove to run test")
    @Test
    public void aCoinIsPaidOnce() {
        CoinPouch pouch = with(5, 2);
        assertThatThrownBy(() -> pouch.pay(10)).isInstanceOf(NoSuchCoinsException.class);
        assertThat(pouch.total()).isEqualTo(7);
    }

    @Disabled("Remove to run test")
    @Test
    public void nothingCostsNothing() throws NoSuchCoinsException {
        assertThat(with(2).pay(0)).isEmpty();
    }

    @Disabled("Remove to run test")
    @Test
    public void aBadCoinIsRefused() {
        assertThatThrownBy(() -> with(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a coin is worth something");
    }
}
