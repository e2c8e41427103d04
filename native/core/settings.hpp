// What a step, a loss or an update rule is told, by name: numbers, texts, lists, and settings within settings.
//
// Whoever makes a program fills it in: the binding from Python's dict, tests by hand. Each kind of step takes out what
// it knows. What is missing, of another kind, or left over is said by name.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace convoscope {

class Settings;

class Value {
public:
    using List = std::vector<Value>;

    Value() = default;  // none
    Value(std::nullopt_t) {}
    Value(const char* text) : what_(std::string(text)) {}
    Value(std::string text) : what_(std::move(text)) {}
    Value(Settings settings);
    Value(List list) : what_(std::move(list)) {}

    template <class T, std::enable_if_t<std::is_arithmetic_v<T>, int> = 0>
    Value(T number) {
        if constexpr (std::is_same_v<T, bool>)
            what_ = number;
        else if constexpr (std::is_floating_point_v<T>)
            what_ = static_cast<double>(number);
        else if constexpr (std::is_signed_v<T>)
            what_ = static_cast<std::int64_t>(number);
        else
            what_ = static_cast<std::uint64_t>(number);
    }

    template <class T>
    Value(const std::vector<T>& values) : what_(List(values.begin(), values.end())) {}

    template <class T, std::size_t count>
    Value(const std::array<T, count>& values) : what_(List(values.begin(), values.end())) {}

    template <class T>
    Value(const std::optional<T>& value) : Value(value ? Value(*value) : Value()) {}

    // A number as a type that it fits into, a list as a vector or an array, none as an empty optional; anything else is
    // std::invalid_argument, which names the setting.
    template <class T>
    T as(const std::string& name) const {
        if constexpr (std::is_same_v<T, Value>)
            return *this;
        else
            return read(name, Type<T>{});
    }

private:
    template <class T>
    struct Type {};

    template <class T>
    T read(const std::string& name, Type<T>) const {
        static_assert(std::is_arithmetic_v<T>);
        if constexpr (std::is_floating_point_v<T>)
            return static_cast<T>(real(name));
        else if constexpr (std::is_signed_v<T>)
            return static_cast<T>(whole(name, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
        else
            return static_cast<T>(natural(name, std::numeric_limits<T>::max()));
    }
    bool read(const std::string& name, Type<bool>) const;
    std::string read(const std::string& name, Type<std::string>) const;
    Settings read(const std::string& name, Type<Settings>) const;

    template <class T>
    std::optional<T> read(const std::string& name, Type<std::optional<T>>) const {
        if (std::holds_alternative<std::monostate>(what_)) return std::nullopt;
        return as<T>(name);
    }

    template <class T>
    std::vector<T> read(const std::string& name, Type<std::vector<T>>) const {
        std::vector<T> values;
        for (const Value& value : list(name)) values.push_back(value.as<T>(name));
        return values;
    }

    template <class T, std::size_t count>
    std::array<T, count> read(const std::string& name, Type<std::array<T, count>>) const {
        const List& values = list(name, count);
        std::array<T, count> result{};
        for (std::size_t i = 0; i < count; i++) result[i] = values[i].template as<T>(name);
        return result;
    }

    double real(const std::string& name) const;
    std::int64_t whole(const std::string& name, std::int64_t least, std::int64_t most) const;
    std::uint64_t natural(const std::string& name, std::uint64_t most) const;
    const List& list(const std::string& name) const;
    const List& list(const std::string& name, std::size_t count) const;
    [[noreturn]] void is_not(const std::string& wanted, const std::string& name) const;
    std::string words() const;  // what it is, for people to read

    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, List,
                 std::shared_ptr<const Settings>>
        what_;
};

class Settings {
public:
    Settings() = default;
    Settings(std::initializer_list<std::pair<const std::string, Value>> values) : values_(values) {}

    void set(std::string name, Value value) { values_[std::move(name)] = std::move(value); }
    bool has(const std::string& name) const { return values_.count(name) > 0; }

    // The setting of that name, which is then no longer here. Throws std::invalid_argument where it is missing or no T.
    template <class T>
    T take(const std::string& name) {
        return taken(name).as<T>(name);
    }

    // One of these names.
    template <class T>
    T take(const std::string& name, const std::map<std::string, T>& names) {
        const auto text = take<std::string>(name);
        const auto found = names.find(text);
        if (found != names.end()) return found->second;
        std::vector<std::string> known;
        for (const auto& each : names) known.push_back(each.first);
        unknown(name, text, known);
    }

    // Throws std::invalid_argument where something was not taken: a setting that nobody minds is a mistake.
    void finish() const;

private:
    Value taken(const std::string& name);
    [[noreturn]] static void unknown(const std::string& name, const std::string& text,
                                     const std::vector<std::string>& known);

    std::map<std::string, Value> values_;
};

// 'a', 'b', 'c': for messages.
std::string quoted(const std::vector<std::string>& names);

}  // namespace convoscope
