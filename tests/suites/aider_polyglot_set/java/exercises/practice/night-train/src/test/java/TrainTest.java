import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;

import java.util.List;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

public class TrainTest {

    private static Train train() {
        return new Train(List.of(new Car("Oslo", 4), new Car("Riga", 6), new Car("Oslo", 2)));
    }

    @Test
    public void aCarKnowsItsDestination() {
        assertEquals("Riga", new Car("Riga", 6).destination());
    }

    @Disabled("Remove to run test")
    @Test
    public void aCarGivesNoMoreThanItHas() {
        Car car = new Car("Oslo", 4);
        assertTrue(car.reserve(3));
        assertFalse(car.reserve(2));
        assertEquals(1, car.free());
    }

    @Disabled("Remove to run test")
    @Test
    public void theFirstCarWithRoom() {
        Train train = train();
        assertEquals(1, train.reserve("Oslo", 3));
        assertEquals(3, train.reserve("Oslo", 2));
        assertEquals(1, train.reserve("Oslo", 1));
    }

    @Disabled("Remove to run test")
    @Test
    public void noCarGoesThere() {
        assertEquals(0, train().reserve("Rome", 1));
    }

    @Disabled("Remove to run test")
    @Test
    public void carsAreTakenOffTogether() {
        Train train = train();
        train.reserve("Oslo", 3);
        train.reserve("Oslo", 2);
        assertEquals(5, train.uncouple("Oslo"));
        assertEquals(1, train.reserve("Riga", 6));
        assertEquals(0, train.reserve("Oslo", 1));
    }
}
