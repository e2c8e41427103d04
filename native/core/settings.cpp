#include "settings.hpp"

#include <algorithm>
#include <stdexcept>

namespace convoscope {

Value::Value(Settings settings) : what_(std::make_shared<const Settings>(std::move(settings))) {}

bool Value::read(const std::string& name, Type<bool>) const {
    if (const bool* flag = std::get_if<bool>(&what_)) return *flag;
    is_not("true or false", name);
}

std::string Value::read(const std::string& name, Type<std::string>) const {
    if (const auto* text = std::get_if<std::string>(&what_)) return *text;
    is_not("a text", name);
}

Settings Value::read(const std::string& name, Type<Settings>) const {
    if (const auto* settings = std::get_if<std::shared_ptr<const Settings>>(&what_)) return **settings;
    is_not("settings of its own", name);
}

double Value::real(const std::string& name) const {
    if (const double* number = std::get_if<double>(&what_)) return *number;
    if (const auto* number = std::get_if<std::int64_t>(&what_)) return static_cast<double>(*number);
    if (const auto* number = std::get_if<std::uint64_t>(&what_)) return static_cast<double>(*number);
    if (const bool* flag = std::get_if<bool>(&what_)) return *flag ? 1 : 0;
    is_not("a number", name);
}

std::int64_t Value::whole(const std::string& name, std::int64_t least, std::int64_t most) const {
    const auto* large = std::get_if<std::uint64_t>(&what_);
    if (const bool* flag = std::get_if<bool>(&what_)) return *flag ? 1 : 0;
    if (large && *large <= static_cast<std::uint64_t>(most)) return static_cast<std::int64_t>(*large);
    const auto* number = std::get_if<std::int64_t>(&what_);
    if (number && least <= *number && *number <= most) return *number;
    is_not("a whole number from " + std::to_string(least) + " to " + std::to_string(most), name);
}

std::uint64_t Value::natural(const std::string& name, std::uint64_t most) const {
    const auto* number = std::get_if<std::int64_t>(&what_);
    if (const bool* flag = std::get_if<bool>(&what_)) return *flag ? 1 : 0;
    if (number && *number >= 0 && static_cast<std::uint64_t>(*number) <= most)
        return static_cast<std::uint64_t>(*number);
    const auto* large = std::get_if<std::uint64_t>(&what_);
    if (large && *large <= most) return *large;
    is_not("a whole number from 0 to " + std::to_string(most), name);
}

const Value::List& Value::list(const std::string& name) const {
    if (const auto* values = std::get_if<List>(&what_)) return *values;
    is_not("a list", name);
}

const Value::List& Value::list(const std::string& name, std::size_t count) const {
    const List& values = list(name);
    if (values.size() == count) return values;
    is_not("a list of " + std::to_string(count), name);
}

std::string Value::words() const {
    struct Words {
        std::string operator()(std::monostate) const { return "none"; }
        std::string operator()(bool flag) const { return flag ? "true" : "false"; }
        std::string operator()(std::int64_t number) const { return std::to_string(number); }
        std::string operator()(std::uint64_t number) const { return std::to_string(number); }
        std::string operator()(double number) const { return std::to_string(number); }
        std::string operator()(const std::string& text) const { return "'" + text + "'"; }
        std::string operator()(const List& list) const { return "a list of " + std::to_string(list.size()); }
        std::string operator()(const std::shared_ptr<const Settings>&) const { return "settings of its own"; }
    };
    return std::visit(Words{}, what_);
}

void Value::is_not(const std::string& wanted, const std::string& name) const {
    throw std::invalid_argument("the setting '" + name + "' should be " + wanted + ", but is " + words());
}

Value Settings::taken(const std::string& name) {
    const auto found = values_.find(name);
    if (found == values_.end()) throw std::invalid_argument("the setting '" + name + "' is missing");
    Value value = std::move(found->second);
    values_.erase(found);
    return value;
}

void Settings::unknown(const std::string& name, const std::string& text, const std::vector<std::string>& known) {
    throw std::invalid_argument("the setting '" + name + "' is '" + text +
                                "', which the native engine does not know; " + "it knows " + quoted(known));
}

void Settings::finish() const {
    if (values_.empty()) return;
    std::vector<std::string> names;
    for (const auto& value : values_) names.push_back(value.first);
    throw std::invalid_argument("nobody knows the setting " + quoted(names));
}

std::string quoted(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
    return text;
}

}  // namespace convoscope
