// Sums of a few rows out of many, and the lists of what they add up. Plain data, as the table's.
#pragma once

#include <cstdint>

namespace convoscope {

// A term of a sum of rows: a row's offset, and what it is multiplied by.
struct Term {
    std::int32_t offset;
    float factor;
};

// A sum's terms, and where it goes.
struct TermList {
    std::int32_t begin, count, target;
};

// For each list: target += Σ factor × source, in the order of the terms.
struct ListSums {
    const Term* terms;
    const TermList* lists;
    std::int64_t list_count;
    const float* source;
    float* target;
};

// Of rows of `length` floats.
struct RowSums : ListSums {
    std::int64_t length;
};

// Of taps: a term's source, and a list's target, are `size_y` rows of `size_x` vectors side by side.
struct BlockSums : ListSums {
    std::int64_t size_y, size_x;          // at most 7 along x
    std::int64_t source_row, target_row;  // from a row of taps to the next
};

// Terms are written 16 at a time: so much room is needed behind the last live one.
constexpr std::int64_t live_room = 16;

// The live winners of some pooled pixels, listed twice: for each filter the patches under its winners, and for each
// pixel and place of its window the filters that win there.
struct WinnerLists {
    const float* gradient;        // (pixels, filters)
    const std::uint8_t* winners;  // (pixels, filters): places in the window
    const std::int32_t* corners;  // of the pixels' windows: offsets of their first patches
    const std::int32_t* places;   // within a window
    std::int64_t pixels, filters, window;
    std::int64_t filters_at_once;  // in a list of a place: first those of the first filters, for all pixels and places
    std::int32_t filter_step;      // from a filter's kernel to the next one's
    Term* of_filter;               // pixels × filters
    TermList* filter_lists;
    Term* of_place;  // pixels × filters, and live_room
    TermList* place_lists;
};

}  // namespace convoscope
