// A test framework in one small header: as much of the macros and of the command line of Catch2 2.x as the
// exercises here need. Test cases register themselves; the file that defines CATCH_CONFIG_MAIN runs them.
//
//   PROGRAM [--list-test-names-only] [-r console|junit|xml] [-o FILE] [TEST NAME ...]
//
// Exit status: the number of test cases that failed, at most 255.
#ifndef SMALL_CATCH_HPP
#define SMALL_CATCH_HPP

#include <exception>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

namespace small_catch {

struct Failed {};  // ends a test case

struct Case {
    std::string name;
    void (*run)();
    std::vector<std::string> failures;
    int assertions;
};

inline std::vector<Case>& cases() {
    static std::vector<Case> all;
    return all;
}

inline Case*& current() {
    static Case* one = nullptr;
    return one;
}

struct Registered {
    Registered(std::string name, void (*run)()) { cases().push_back({std::move(name), run, {}, 0}); }
};

inline void check(bool right, const char* file, int line, const std::string& said, bool go_on) {
    ++current()->assertions;
    if (right) return;
    std::ostringstream text;
    text << file << ":" << line << ": " << said;
    current()->failures.push_back(text.str());
    if (!go_on) throw Failed{};
}

}  // namespace small_catch

#define SMALL_CATCH_JOIN2(a, b) a##b
#define SMALL_CATCH_JOIN(a, b) SMALL_CATCH_JOIN2(a, b)
#define SMALL_CATCH_FIRST(a, ...) a

#define TEST_CASE(...)                                                                                  \
    static void SMALL_CATCH_JOIN(test_case_, __LINE__)();                                               \
    static const small_catch::Registered SMALL_CATCH_JOIN(registered_, __LINE__)(                       \
        SMALL_CATCH_FIRST(__VA_ARGS__, ""), &SMALL_CATCH_JOIN(test_case_, __LINE__));                   \
    static void SMALL_CATCH_JOIN(test_case_, __LINE__)()

#define REQUIRE(...) \
    small_catch::check(static_cast<bool>(__VA_ARGS__), __FILE__, __LINE__, "REQUIRE( " #__VA_ARGS__ " )", false)
#define REQUIRE_FALSE(...) \
    small_catch::check(!(__VA_ARGS__), __FILE__, __LINE__, "REQUIRE_FALSE( " #__VA_ARGS__ " )", false)
#define CHECK(...) \
    small_catch::check(static_cast<bool>(__VA_ARGS__), __FILE__, __LINE__, "CHECK( " #__VA_ARGS__ " )", true)
#define REQUIRE_THROWS_AS(expression, type)                                                             \
    do {                                                                                                \
        bool small_catch_thrown = false;                                                                \
        try {                                                                                           \
            static_cast<void>(expression);                                                              \
        } catch (const type&) {                                                                         \
            small_catch_thrown = true;                                                                  \
        }                                                                                               \
        small_catch::check(small_catch_thrown, __FILE__, __LINE__,                                      \
                           "REQUIRE_THROWS_AS( " #expression ", " #type " )", false);                   \
    } while (false)

#ifdef CATCH_CONFIG_MAIN

#include <algorithm>
#include <fstream>
#include <iostream>

namespace small_catch {

inline std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '<') result += "&lt;";
        else if (c == '>') result += "&gt;";
        else if (c == '&') result += "&amp;";
        else if (c == '"') result += "&quot;";
        else result += c;
    }
    return result;
}

inline void run(Case& one) {
    current() = &one;
    try {
        one.run();
    } catch (const Failed&) {
        return;  // said already
    } catch (const std::exception& e) {
        one.failures.push_back(std::string("unexpected exception: ") + e.what());
    } catch (...) {
        one.failures.push_back("unexpected exception");
    }
}

inline void console(std::ostream& out, const std::vector<Case*>& ran, int failed) {
    for (const Case* one : ran)
        for (const std::string& failure : one->failures)
            out << one->name << "\n" << failure << ": FAILED\n\n";
    if (failed)
        out << "test cases: " << ran.size() << " | " << ran.size() - static_cast<std::size_t>(failed) << " passed | "
            << failed << " failed\n";
    else
        out << "All tests passed (" << ran.size() << " test cases)\n";
}

inline void junit(std::ostream& out, const std::string& name, const std::vector<Case*>& ran, int failed) {
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"" << escaped(name)
        << "\" errors=\"0\" failures=\"" << failed << "\" tests=\"" << ran.size() << "\">\n";
    for (const Case* one : ran) {
        out << "    <testcase classname=\"" << escaped(name) << ".global\" name=\"" << escaped(one->name) << "\">\n";
        for (const std::string& failure : one->failures)
            out << "      <failure type=\"REQUIRE\">" << escaped(failure) << "</failure>\n";
        out << "    </testcase>\n";
    }
    out << "  </testsuite>\n</testsuites>\n";
}

inline void xml(std::ostream& out, const std::string& name, const std::vector<Case*>& ran) {
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Catch name=\"" << escaped(name) << "\">\n  <Group name=\""
        << escaped(name) << "\">\n";
    for (const Case* one : ran) {
        out << "    <TestCase name=\"" << escaped(one->name) << "\">\n";
        for (const std::string& failure : one->failures)
            out << "      <Failure>" << escaped(failure) << "</Failure>\n";
        out << "      <OverallResult success=\"" << (one->failures.empty() ? "true" : "false")
            << "\"/>\n    </TestCase>\n";
    }
    out << "  </Group>\n</Catch>\n";
}

}  // namespace small_catch

int main(int argc, char** argv) {
    using namespace small_catch;
    const std::string path = argv[0], name = path.substr(path.find_last_of('/') + 1);
    std::string reporter = "console", target;
    std::vector<std::string> chosen;
    bool list = false;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--list-test-names-only") list = true;
        else if ((word == "-r" || word == "--reporter") && i + 1 < argc) reporter = argv[++i];
        else if ((word == "-o" || word == "--out") && i + 1 < argc) target = argv[++i];
        else if (!word.empty() && word[0] != '-') chosen.push_back(word);
        else {
            std::cerr << "unknown option " << word << "\n";
            return 255;
        }
    }
    std::ofstream file;
    if (!target.empty()) file.open(target);
    std::ostream& out = target.empty() ? std::cout : file;
    std::vector<Case*> ran;
    int failed = 0;
    for (Case& one : cases()) {
        if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), one.name) == chosen.end()) continue;
        if (list) {
            out << one.name << "\n";
            continue;
        }
        run(one);
        ran.push_back(&one);
        failed += one.failures.empty() ? 0 : 1;
    }
    if (list) return 0;
    if (reporter == "junit") junit(out, name, ran, failed);
    else if (reporter == "xml") xml(out, name, ran);
    else console(out, ran, failed);
    return std::min(failed, 255);
}

#endif  // CATCH_CONFIG_MAIN
#endif  // SMALL_CATCH_HPP
