// Lists of live winners, and the sums over them, against the plainest loops.
#include <algorithm>

#include "check.hpp"
#include "isa/choice.hpp"

using namespace convoscope;

namespace {

using Terms = std::vector<Term>;

bool same(const Terms& found, const Terms& expected) {
    return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                      [](const Term& a, const Term& b) { return a.offset == b.offset && a.factor == b.factor; });
}

std::int32_t random_offset(std::int64_t most) { return static_cast<std::int32_t>(random_int(0, most)); }

// A pooling's gradient, of which a part is dead, and where its winners are.
struct Pooled {
    std::int64_t pixels, filters, window, filters_at_once;
    std::int32_t filter_step;
    Floats gradient;
    std::vector<std::uint8_t> winners;
    std::vector<std::int32_t> corners, places;

    Pooled(std::int64_t pixel_count, std::int64_t filter_count, std::int64_t window_size)
        : pixels(pixel_count),
          filters(filter_count),
          window(window_size),
          filters_at_once(random_int(0, 1) ? filter_count : 16),
          filter_step(random_offset(100) + 1),
          gradient(random_floats(pixel_count * filter_count)) {
        const std::int64_t dead = random_int(0, 10);
        for (float& value : gradient) value = random_int(1, 10) <= dead ? 0.0f : value;
        for (std::size_t i = 0; i < gradient.size(); i++)
            winners.push_back(static_cast<std::uint8_t>(random_int(0, window - 1)));
        for (std::int64_t i = 0; i < pixels; i++) corners.push_back(random_offset(10000));
        for (std::int64_t i = 0; i < window; i++) places.push_back(random_offset(100));
    }

    // The live winners of filters [first, last) at a pixel's place, or at all of its places if it is negative.
    template <class Body>
    void each(std::int64_t pixel, std::int64_t first, std::int64_t last, std::int64_t place, Body&& body) const {
        for (std::int64_t filter = first; filter < last; filter++) {
            const auto at = static_cast<std::size_t>(pixel * filters + filter);
            if (gradient[at] != 0 && (place < 0 || winners[at] == place)) body(filter, at);
        }
    }

    std::int32_t patch(std::int64_t pixel, std::size_t at) const {
        return corners[static_cast<std::size_t>(pixel)] + places[winners[at]];
    }
};

void lists_of(const Pooled& p) {
    const auto count = static_cast<std::size_t>(p.pixels * p.filters);
    std::vector<Term> of_filter(count), of_place(count + live_room);
    std::vector<TermList> filter_lists(static_cast<std::size_t>(p.filters)), place_lists(count);
    const std::int64_t found = kernels().winner_lists(
        {p.gradient.data(), p.winners.data(), p.corners.data(), p.places.data(), p.pixels, p.filters, p.window,
         p.filters_at_once, p.filter_step, of_filter.data(), filter_lists.data(), of_place.data(), place_lists.data()});
    for (std::int64_t filter = 0; filter < p.filters; filter++) {
        const TermList& list = filter_lists[static_cast<std::size_t>(filter)];
        Terms expected;
        for (std::int64_t pixel = 0; pixel < p.pixels; pixel++)
            p.each(pixel, filter, filter + 1, -1, [&](std::int64_t, std::size_t at) {
                expected.push_back({p.patch(pixel, at), p.gradient[at]});
            });
        const auto begin = of_filter.begin() + list.begin;
        if (!same({begin, begin + list.count}, expected)) fail("a filter's live winners");
        if (list.target != filter * p.filter_step) fail("where a filter's sum goes");
    }
    auto list = place_lists.begin();
    for (std::int64_t first = 0; first < p.filters; first += p.filters_at_once)
        for (std::int64_t pixel = 0; pixel < p.pixels; pixel++)
            for (std::int64_t place = 0; place < p.window; place++) {
                Terms expected;
                std::int32_t target = 0;
                p.each(pixel, first, std::min(first + p.filters_at_once, p.filters), place,
                       [&](std::int64_t filter, std::size_t at) {
                           expected.push_back({static_cast<std::int32_t>(filter) * p.filter_step, p.gradient[at]});
                           target = p.patch(pixel, at);
                       });
                if (expected.empty()) continue;
                const auto begin = of_place.begin() + list->begin;
                if (!same({begin, begin + list->count}, expected)) fail("a place's live winners");
                if (list->target != target) fail("where a place's sum goes");
                list++;
            }
    if (list - place_lists.begin() != found) fail("the number of lists of places");
}

// Lists with sources and targets anywhere; every other target is next to the one before, as places of a window are.
void blocks_of(std::int64_t size_y, std::int64_t size_x) {
    const Kernels& k = kernels();
    const std::int64_t wide = 9, rows = size_y + 2, floats = wide * rows * k.width;
    const Floats source = random_floats(floats);
    Floats found = random_floats(floats), expected = found;
    Terms terms;
    std::vector<TermList> lists;
    const auto anywhere = [&](std::int64_t columns) {
        return static_cast<std::int32_t>((random_int(0, 1) * wide + random_int(0, columns)) * k.width);
    };
    for (int i = 0; i < 12; i++) {
        const std::int32_t target = i % 2 ? lists.back().target + k.width : anywhere(wide - size_x - 1);
        lists.push_back({static_cast<std::int32_t>(terms.size()), random_offset(4), target});
        for (std::int32_t term = 0; term < lists.back().count; term++)
            terms.push_back({anywhere(wide - size_x), random_floats(1)[0]});
    }
    k.add_blocks({terms.data(), lists.data(), static_cast<std::int64_t>(lists.size()), source.data(), found.data(),
                  size_y, size_x, wide * k.width, wide * k.width});
    for (const TermList& list : lists)
        for (std::int32_t term = list.begin; term < list.begin + list.count; term++)
            for (std::int64_t i = 0; i < size_y * size_x * k.width; i++) {
                const std::int64_t tap = i / k.width;
                const std::int64_t at = (tap / size_x * wide + tap % size_x) * k.width + i % k.width;
                const Term& t = terms[static_cast<std::size_t>(term)];
                expected[static_cast<std::size_t>(list.target + at)] +=
                    t.factor * source[static_cast<std::size_t>(t.offset + at)];
            }
    expect_near(found, expected, 1e-5, "sums of blocks " + std::to_string(size_y) + "x" + std::to_string(size_x));
}

// Channels of pixels to blocks, and added back.
void blocks_of_pixels(std::int64_t pixels, std::int64_t blocks) {
    const Kernels& k = kernels();
    const std::int64_t step = blocks * k.width + random_int(0, 5), to_step = pixels * k.width + random_int(0, 5);
    const Floats rows = random_floats((pixels - 1) * step + blocks * k.width);
    const auto floats = static_cast<std::size_t>(blocks * to_step);
    Floats apart(floats), in_blocks(floats), found = rows, expected = rows;
    k.to_blocks(rows.data(), step, pixels, blocks, apart.data(), to_step);
    k.add_from_blocks(apart.data(), to_step, pixels, blocks, found.data(), step);
    for (std::int64_t pixel = 0; pixel < pixels; pixel++)
        for (std::int64_t channel = 0; channel < blocks * k.width; channel++) {
            const auto at = static_cast<std::size_t>(pixel * step + channel);
            const std::int64_t block = channel / k.width;
            in_blocks[static_cast<std::size_t>(block * to_step + pixel * k.width + channel % k.width)] = rows[at];
            expected[at] *= 2;
        }
    expect_near(apart, in_blocks, 0, "channels in blocks");
    expect_near(found, expected, 0, "channels to blocks and back");
}

}  // namespace

void test_winners() {
    for (const std::int64_t filters : {1, 3, 8, 15, 16, 17, 40, 64})
        for (const std::int64_t window : {3, 4, 9})
            for (const std::int64_t pixels : {1, 2, 7}) lists_of(Pooled(pixels, filters, window));
    for (std::int64_t size_y = 1; size_y <= 7; size_y++)
        for (std::int64_t size_x = 1; size_x <= 7; size_x++) blocks_of(size_y, size_x);
    for (const std::int64_t pixels : {1, 2, 9})
        for (const std::int64_t blocks : {1, 3, 8}) blocks_of_pixels(pixels, blocks);
}
