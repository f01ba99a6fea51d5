#pragma once

#include <stdexcept>

namespace ferry_queue {

class Ferry {
   public:
    explicit Ferry(int length) : left_(length), right_(length) {}

    bool load(int car) {
        int& lane = left_ >= right_ ? left_ : right_;
        if (car > lane) return false;
        lane -= car;
        ++carried_;
        return true;
    }

    int left() const { return left_; }
    int right() const { return right_; }
    int carried() const { return carried_; }

   private:
    int left_;
    int right_;
    int carried_{0};
};

template <typename Cars>
int crossings(const Cars& cars, int length) {
    int count = 0;
    Ferry ferry{0};
    for (const int car : cars) {
        if (car > length) throw std::domain_error("too long for a lane");
        if (ferry.load(car)) continue;
        ferry = Ferry{length};
        ferry.load(car);
        ++count;
    }
    return count;
}

}  // namespace ferry_queue
