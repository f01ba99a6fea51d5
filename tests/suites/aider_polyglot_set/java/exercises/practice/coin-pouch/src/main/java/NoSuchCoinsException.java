class NoSuchCoinsException extends Exception {

    NoSuchCoinsException(int price) {
        super("no coins make up " + price);
    }
}
