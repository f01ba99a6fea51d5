import java.util.List;

class Train {

    Train(List<Car> cars) {
        throw new UnsupportedOperationException("Write this constructor.");
    }

    int reserve(String destination, int berths) {
        throw new UnsupportedOperationException("Write this method.");
    }

    int uncouple(String destination) {
        throw new UnsupportedOperationException("Write this method.");
    }
}
