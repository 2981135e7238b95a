// RUN: trafo-opt %s -canonicalize | FileCheck %s

trafo.weight @a : !trafo.weight<4x8xf32> from #trafo.splat<1.0>

// CHECK-LABEL: trafo.weight @scale_by_one
// CHECK-NEXT:    %[[A:.*]] = trafo.get @a
// CHECK-NEXT:    trafo.yield %[[A]]
trafo.weight @scale_by_one : !trafo.weight<4x8xf32> recipe {
  %0 = trafo.get @a : !trafo.weight<4x8xf32>
  %1 = trafo.scale %0 by 1.0 : !trafo.weight<4x8xf32>
  trafo.yield %1 : !trafo.weight<4x8xf32>
}

// CHECK-LABEL: trafo.weight @scale_by_two
// CHECK:         trafo.scale
trafo.weight @scale_by_two : !trafo.weight<4x8xf32> recipe {
  %0 = trafo.get @a : !trafo.weight<4x8xf32>
  %1 = trafo.scale %0 by 2.0 : !trafo.weight<4x8xf32>
  trafo.yield %1 : !trafo.weight<4x8xf32>
}

// CHECK-LABEL: trafo.weight @concat_of_one
// CHECK-NEXT:    %[[A:.*]] = trafo.get @a
// CHECK-NEXT:    trafo.yield %[[A]]
trafo.weight @concat_of_one : !trafo.weight<4x8xf32> recipe {
  %0 = trafo.get @a : !trafo.weight<4x8xf32>
  %1 = trafo.concat %0 : (!trafo.weight<4x8xf32>) -> !trafo.weight<4x8xf32>
  trafo.yield %1 : !trafo.weight<4x8xf32>
}

// CHECK-LABEL: trafo.weight @concat_of_concat
// CHECK-NEXT:    %[[A:.*]] = trafo.get @a
// CHECK-NEXT:    %[[C:.*]] = trafo.concat %[[A]], %[[A]], %[[A]] :
// CHECK-NEXT:    trafo.yield %[[C]]
trafo.weight @concat_of_concat : !trafo.weight<12x8xf32> recipe {
  %0 = trafo.get @a : !trafo.weight<4x8xf32>
  %1 = trafo.concat %0, %0 : (!trafo.weight<4x8xf32>, !trafo.weight<4x8xf32>) -> !trafo.weight<8x8xf32>
  %2 = trafo.concat %0, %1 : (!trafo.weight<4x8xf32>, !trafo.weight<8x8xf32>) -> !trafo.weight<12x8xf32>
  trafo.yield %2 : !trafo.weight<12x8xf32>
}

// CHECK-LABEL: trafo.weight @pad_by_nothing
// CHECK-NEXT:    %[[A:.*]] = trafo.get @a
// CHECK-NEXT:    trafo.yield %[[A]]
trafo.weight @pad_by_nothing : !trafo.weight<4x8xf32> recipe {
  %0 = trafo.get @a : !trafo.weight<4x8xf32>
  %1 = trafo.pad_rows %0 : (!trafo.weight<4x8xf32>) -> !trafo.weight<4x8xf32>
  trafo.yield %1 : !trafo.weight<4x8xf32>
}

// CHECK-LABEL: trafo.weight @quantize_to_itself
// CHECK-NEXT:    %[[A:.*]] = trafo.get @a
// CHECK-NEXT:    trafo.yield %[[A]]
trafo.weight @quantize_to_itself : !trafo.weight<4x8xf32> recipe {
  %0 = trafo.get @a : !trafo.weight<4x8xf32>
  %1 = trafo.quantize %0 : !trafo.weight<4x8xf32> to !trafo.weight<4x8xf32>
  trafo.yield %1 : !trafo.weight<4x8xf32>
}

// CHECK-LABEL: trafo.weight @quantize_and_back
// CHECK-COUNT-2: trafo.quantize
trafo.weight @quantize_and_back : !trafo.weight<4x8xf32> recipe {
  %0 = trafo.get @a : !trafo.weight<4x8xf32>
  %1 = trafo.quantize %0 : !trafo.weight<4x8xf32> to !trafo.weight<4x8xbf16>
  %2 = trafo.quantize %1 : !trafo.weight<4x8xbf16> to !trafo.weight<4x8xf32>
  trafo.yield %2 : !trafo.weight<4x8xf32>
}

// Reads of the cache stay behind what writes it, and writes stay though nothing reads their results.
// CHECK-LABEL: func @cache
// CHECK:         trafo.kv_write
// CHECK:         %[[A:.*]] = trafo.attention
// CHECK:         trafo.kv_write
// CHECK:         %[[B:.*]] = trafo.attention
// CHECK:         return %[[A]], %[[B]]
func.func @cache(%q: tensor<?x16xf32>, %k: tensor<?x8xf32>, %kv: !trafo.kv<1x1x8xf32>, %layer: index, %rows: !trafo.rows)
    -> (tensor<?x16xf32>, tensor<?x16xf32>) {
  trafo.kv_write %kv[%layer], %k, %k, %rows : !trafo.kv<1x1x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
  %0 = trafo.attention %q, %kv[%layer], %rows heads 2 scale 0.5 : tensor<?x16xf32>, !trafo.kv<1x1x8xf32>
  trafo.kv_write %kv[%layer], %k, %k, %rows : !trafo.kv<1x1x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
  %1 = trafo.attention %q, %kv[%layer], %rows heads 2 scale 0.5 : tensor<?x16xf32>, !trafo.kv<1x1x8xf32>
  return %0, %1 : tensor<?x16xf32>, tensor<?x16xf32>
}
