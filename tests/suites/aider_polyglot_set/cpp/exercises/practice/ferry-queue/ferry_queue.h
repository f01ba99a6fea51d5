#pragma once

namespace ferry_queue {

// TODO: add your solution here

}  // namespace ferry_queue
