class Car {

    private final String destination;
    private final int berths;
    private int free;

    Car(String destination, int berths) {
        this.destination = destination;
        this.berths = berths;
        this.free = berths;
    }

    String destination() {
        return destination;
    }

    int free() {
        return free;
    }

    int reserved() {
        return berths - free;
    }

    boolean reserve(int berths) {
        if (berths > free) {
            return false;
        }
        free -= berths;
        return true;
    }
}
