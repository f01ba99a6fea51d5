class Car {

    Car(String destination, int berths) {
        throw new UnsupportedOperationException("Write this constructor.");
    }

    String destination() {
        throw new UnsupportedOperationException("Write this method.");
    }

    int free() {
        throw new UnsupportedOperationException("Write this method.");
    }

    boolean reserve(int berths) {
        throw new UnsupportedOperationException("Write this method.");
    }
}
