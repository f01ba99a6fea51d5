import java.util.ArrayList;
import java.util.List;

class Train {

    private final List<Car> cars;

    Train(List<Car> cars) {
        this.cars = new ArrayList<>(cars);
    }

    int reserve(String destination, int berths) {
        for (int i = 0; i < cars.size(); i++) {
            if (cars.get(i).destination().equals(destination) && cars.get(i).reserve(berths)) {
                return i + 1;
            }
        }
        return 0;
    }

    int uncouple(String destination) {
        int reserved = cars.stream()
                .filter(car -> car.destination().equals(destination))
                .mapToInt(Car::reserved)
                .sum();
        cars.removeIf(car -> car.destination().equals(destination));
        return reserved;
    }
}
