// Performs scripted operations on real Go maps and writes down what each did to the map's memory, for test_hmap_replay.c to
// repeat on the map in C. Hashes are written down too, since their seed is random. Needs Go 1.19: it knows the layout of
// runtime.hmap and runtime.maptype (go-maps.md A.1), and uses no package beyond unsafe to look at them.
//
// A line is one of
//
//	type NAME bucketsize keysize elemsize flags
//	spares NAME B count                        preallocated overflow buckets
//	map NAME hint STATE                        a new map
//	a|d KEY hash STATE, c STATE, i STATE       assign, delete, clear, start and abandon an iteration
//
// STATE is: count B flags noverflow nevacuate growing spares-left digest. The digest covers every bucket (see digest).
// With arguments NAME LINE, the digested bytes of that map at that line (counted from its "map" line, 0) go to standard
// error, to compare with what the C test shows of a mismatch.
package main

import (
	"bufio"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"unsafe"
)

type hmap struct {
	count      int
	flags      uint8
	B          uint8
	noverflow  uint16
	hash0      uint32
	buckets    unsafe.Pointer
	oldbuckets unsafe.Pointer
	nevacuate  uintptr
	extra      *struct {
		overflow, oldoverflow unsafe.Pointer
		nextOverflow          unsafe.Pointer
	}
}

type maptype struct {
	_          [72]byte
	hasher     func(unsafe.Pointer, uintptr) uintptr
	keysize    uint8
	elemsize   uint8
	bucketsize uint16
	flags      uint32
}

// How keys and elems go into the digest: their bytes, nothing, or whether the pointer is nil; and the number of a live key.
const (
	raw     = iota
	live    // keys only: the index, in live slots
	pointer // nil or not
)

type large [200]byte

// One kind of map. Operations are closures so that the compiler picks the variants of the runtime that it would pick in
// any program.
type kind struct {
	name     string
	m        interface{} // for its type
	header   **hmap
	keyMode  int
	elemMode int
	renew    func(hint int)
	assign   func(index, elem int)
	remove   func(index int)
	clear    func()
	iterate  func()
	key      func(index int) unsafe.Pointer
	index    func(key unsafe.Pointer) int
	spares   [20]int
}

var out *bufio.Writer

func add(p unsafe.Pointer, n uintptr) unsafe.Pointer { return unsafe.Pointer(uintptr(p) + n) }

func (k *kind) t() *maptype {
	return (*struct{ t *maptype })(unsafe.Pointer(&k.m)).t
}

func (k *kind) h() *hmap { return *k.header }

func (k *kind) hash(index int) uint64 {
	return uint64(k.t().hasher(k.key(index), uintptr(k.h().hash0)))
}

func (k *kind) overflow(b unsafe.Pointer) unsafe.Pointer {
	return *(*unsafe.Pointer)(add(b, uintptr(k.t().bucketsize)-8))
}

func (k *kind) sparesLeft() int {
	h, n := k.h(), 0
	if h.extra == nil || h.extra.nextOverflow == nil {
		return 0
	}
	for b := h.extra.nextOverflow; ; b = add(b, uintptr(k.t().bucketsize)) {
		n++
		if k.overflow(b) != nil {
			return n
		}
	}
}

// digest is FNV-1a over: the new array's chains, then the old one's. Of a bucket: the 8 tophashes, the 8 keys and elems as
// the modes say, and where its overflow bucket is: 0 none, 1 on the heap, 2+n spare n.
type digest struct {
	sum  uint64
	dump bool
}

func (d *digest) byte(b byte) {
	d.sum = (d.sum ^ uint64(b)) * 1099511628211
	if d.dump {
		fmt.Fprintf(os.Stderr, "%02x", b)
	}
}

func (d *digest) bytes(p unsafe.Pointer, n uintptr) {
	for i := uintptr(0); i < n; i++ {
		d.byte(*(*byte)(add(p, i)))
	}
}

func (d *digest) number(n uint64) { d.bytes(unsafe.Pointer(&n), 8) }

func (d *digest) slots(k *kind, b unsafe.Pointer) {
	t := k.t()
	for i := uintptr(0); i < 8; i++ {
		top := *(*uint8)(add(b, i))
		key := add(b, 8+i*uintptr(t.keysize))
		elem := add(b, 8+8*uintptr(t.keysize)+i*uintptr(t.elemsize))
		d.byte(top)
		switch k.keyMode {
		case raw:
			d.bytes(key, uintptr(t.keysize))
		case pointer:
			key = *(*unsafe.Pointer)(key)
			if key == nil {
				d.byte(0)
			} else {
				d.byte(1)
			}
			fallthrough
		case live:
			if top >= 5 {
				d.number(uint64(k.index(key)))
			}
		}
		if k.elemMode == raw {
			d.bytes(elem, uintptr(t.elemsize))
		} else if *(*unsafe.Pointer)(elem) == nil {
			d.byte(0)
		} else {
			d.byte(1)
		}
	}
}

func (d *digest) array(k *kind, array unsafe.Pointer, B uint8) {
	size := uintptr(k.t().bucketsize)
	main, all := uintptr(1)<<B, uintptr(1)<<B+uintptr(k.spares[B])
	for i := uintptr(0); i < main; i++ {
		for b := add(array, i*size); b != nil; {
			d.slots(k, b)
			b = k.overflow(b)
			offset := uintptr(b) - uintptr(array)
			if b == nil {
				d.number(0)
			} else if uintptr(b) >= uintptr(array) && offset < all*size {
				d.number(uint64(2 + offset/size - main))
			} else {
				d.number(1)
			}
			if d.dump {
				fmt.Fprintln(os.Stderr)
			}
		}
	}
}

var lines int // of the current map

func (k *kind) state() {
	h, growing := k.h(), 0
	d := digest{sum: 14695981039346656037}
	d.dump = len(os.Args) == 3 && os.Args[1] == k.name && os.Args[2] == strconv.Itoa(lines)
	lines++
	if h.buckets != nil {
		d.array(k, h.buckets, h.B)
	}
	if h.oldbuckets != nil {
		growing = 1
		if h.flags&8 != 0 {
			d.array(k, h.oldbuckets, h.B)
		} else {
			d.array(k, h.oldbuckets, h.B-1)
		}
	}
	fmt.Fprintf(out, " %d %d %d %d %d %d %d %x\n", h.count, h.B, h.flags, h.noverflow, h.nevacuate, growing, k.sparesLeft(), d.sum)
}

func (k *kind) doAssign(index int) {
	fmt.Fprintf(out, "a %d %x", index, k.hash(index))
	k.assign(index, lines)
	k.state()
}

func (k *kind) doDelete(index int) {
	fmt.Fprintf(out, "d %d %x", index, k.hash(index))
	k.remove(index)
	k.state()
}

func (k *kind) doClear() {
	if k.clear == nil {
		return
	}
	fmt.Fprint(out, "c")
	k.clear()
	k.state()
}

func (k *kind) doIterate() {
	fmt.Fprint(out, "i")
	k.iterate()
	k.state()
}

func (k *kind) start(hint int) {
	lines = 0
	k.renew(hint)
	fmt.Fprintf(out, "map %s %d", k.name, hint)
	k.state()
}

// Random assigns and deletes of keys below window.
func (k *kind) churn(steps, window, deletePercent int) {
	for i := 0; i < steps; i++ {
		if rand.Intn(100) < deletePercent {
			k.doDelete(rand.Intn(window))
		} else {
			k.doAssign(rand.Intn(window))
		}
		if rand.Intn(90) == 0 {
			k.doIterate()
		}
	}
}

// Fills single chains and empties them, for overflow buckets with nothing in them: same-size growth.
func (k *kind) crowd(rounds int) {
	for ; rounds > 0; rounds-- {
		var keys []int
		mask := uint64(1)<<k.h().B - 1
		want := uint64(rand.Int63()) & mask
		for i := rand.Intn(30000); len(keys) < 18; i++ {
			if k.hash(i)&mask == want {
				keys = append(keys, i)
			}
		}
		for _, key := range keys {
			k.doAssign(key)
		}
		rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		for _, key := range keys {
			k.doDelete(key)
		}
	}
}

func (k *kind) untilGrowing(index int) int {
	for k.h().oldbuckets == nil {
		k.doAssign(index)
		index++
	}
	return index
}

func (k *kind) empty() {
	for i := 0; i < 35000 && k.h().count > 0; i++ {
		if k.h().count <= 3 || k.has(i) {
			k.doDelete(i)
		}
	}
}

// has looks at the memory, not to disturb the map.
func (k *kind) has(index int) bool {
	h, hash := k.h(), k.hash(index)
	b := add(h.buckets, uintptr(hash&(1<<h.B-1))*uintptr(k.t().bucketsize))
	if h.oldbuckets != nil {
		oldB := h.B
		if h.flags&8 == 0 {
			oldB--
		}
		old := add(h.oldbuckets, uintptr(hash&(1<<oldB-1))*uintptr(k.t().bucketsize))
		if top := *(*uint8)(old); top < 2 || top > 4 {
			b = old
		}
	}
	for ; b != nil; b = k.overflow(b) {
		for i := uintptr(0); i < 8; i++ {
			if *(*uint8)(add(b, i)) < 5 {
				continue
			}
			key := add(b, 8+i*uintptr(k.t().keysize))
			if k.t().flags&1 != 0 {
				key = *(*unsafe.Pointer)(key)
			}
			if k.index(key) == index {
				return true
			}
		}
	}
	return false
}

func (k *kind) script() {
	k.start(0)
	k.churn(500, 150, 15)
	k.churn(300, 200, 50)
	k.doIterate()
	k.crowd(25)
	k.untilGrowing(1000)
	k.empty()
	k.churn(150, 100, 20)
	k.doClear()
	k.churn(200, 300, 10)
	k.untilGrowing(2000)
	k.doIterate()
	k.churn(20, 400, 50)
	k.doClear()
	k.churn(200, 300, 30)

	k.start(60)
	k.crowd(12)
	k.churn(150, 70, 30)
	k.crowd(12)
	next := k.untilGrowing(500)
	k.doDelete(next - 1)
	k.doClear()
	k.doClear()
	k.crowd(12)
	k.empty()
	k.doAssign(1)
}

func (k *kind) measure() {
	t := k.t()
	fmt.Fprintf(out, "type %s %d %d %d %d\n", k.name, t.bucketsize, t.keysize, t.elemsize, t.flags)
	for B, hint := 4, 53; B < 12; B, hint = B+1, (hint-1)*2+1 {
		k.renew(hint)
		k.spares[B] = k.sparesLeft()
		fmt.Fprintf(out, "spares %s %d %d\n", k.name, k.h().B, k.spares[B])
	}
}

func kinds() []*kind {
	var ints map[int]int
	var strings map[string]int
	var points map[[3]int32]int
	var floats map[float64]int
	var pointers map[int]*int
	var set map[int32]struct{}
	var largeElems map[int]large
	var largeKeys map[large]int8

	var i64 int
	var i32 int32
	var str string
	var point [3]int32
	var f64 float64
	var lrg large
	intKey := func(i int) unsafe.Pointer { i64 = i; return unsafe.Pointer(&i64) }
	intIndex := func(p unsafe.Pointer) int { return *(*int)(p) }
	makePoint := func(i int) [3]int32 { return [3]int32{int32(i), int32(i) * 3, -int32(i)} }
	makeLarge := func(i int) (l large) { *(*int)(unsafe.Pointer(&l)) = i; return }

	return []*kind{{
		name: "ints", m: ints, header: (**hmap)(unsafe.Pointer(&ints)), key: intKey, index: intIndex,
		renew:  func(hint int) { ints = make(map[int]int, hint) },
		assign: func(i, e int) { ints[i] = e },
		remove: func(i int) { delete(ints, i) },
		iterate: func() {
			for range ints {
				break
			}
		},
		clear: func() {
			for k := range ints {
				delete(ints, k)
			}
		},
	}, {
		name: "strings", m: strings, header: (**hmap)(unsafe.Pointer(&strings)), keyMode: live,
		key:    func(i int) unsafe.Pointer { str = "key " + strconv.Itoa(i); return unsafe.Pointer(&str) },
		index:  func(p unsafe.Pointer) int { n, _ := strconv.Atoi((*(*string)(p))[4:]); return n },
		renew:  func(hint int) { strings = make(map[string]int, hint) },
		assign: func(i, e int) { strings["key "+strconv.Itoa(i)] = e },
		remove: func(i int) { delete(strings, "key "+strconv.Itoa(i)) },
		iterate: func() {
			for range strings {
				break
			}
		},
		clear: func() {
			for k := range strings {
				delete(strings, k)
			}
		},
	}, {
		name: "points", m: points, header: (**hmap)(unsafe.Pointer(&points)),
		key:    func(i int) unsafe.Pointer { point = makePoint(i); return unsafe.Pointer(&point) },
		index:  func(p unsafe.Pointer) int { return int((*(*[3]int32)(p))[0]) },
		renew:  func(hint int) { points = make(map[[3]int32]int, hint) },
		assign: func(i, e int) { points[makePoint(i)] = e },
		remove: func(i int) { delete(points, makePoint(i)) },
		iterate: func() {
			for range points {
				break
			}
		},
		clear: func() {
			for k := range points {
				delete(points, k)
			}
		},
	}, {
		name: "floats", m: floats, header: (**hmap)(unsafe.Pointer(&floats)),
		key:    func(i int) unsafe.Pointer { f64 = float64(i); return unsafe.Pointer(&f64) },
		index:  func(p unsafe.Pointer) int { return int(*(*float64)(p)) },
		renew:  func(hint int) { floats = make(map[float64]int, hint) },
		assign: func(i, e int) { floats[float64(i)] = e },
		remove: func(i int) { delete(floats, float64(i)) },
		iterate: func() {
			for range floats {
				break
			}
		},
		// The loop that clears is an ordinary one here: NaN would have to stay.
	}, {
		name: "pointers", m: pointers, header: (**hmap)(unsafe.Pointer(&pointers)), elemMode: pointer, key: intKey, index: intIndex,
		renew:  func(hint int) { pointers = make(map[int]*int, hint) },
		assign: func(i, e int) { pointers[i] = &e },
		remove: func(i int) { delete(pointers, i) },
		iterate: func() {
			for range pointers {
				break
			}
		},
		clear: func() {
			for k := range pointers {
				delete(pointers, k)
			}
		},
	}, {
		name: "set", m: set, header: (**hmap)(unsafe.Pointer(&set)),
		key:    func(i int) unsafe.Pointer { i32 = int32(i); return unsafe.Pointer(&i32) },
		index:  func(p unsafe.Pointer) int { return int(*(*int32)(p)) },
		renew:  func(hint int) { set = make(map[int32]struct{}, hint) },
		assign: func(i, e int) { set[int32(i)] = struct{}{} },
		remove: func(i int) { delete(set, int32(i)) },
		iterate: func() {
			for range set {
				break
			}
		},
		clear: func() {
			for k := range set {
				delete(set, k)
			}
		},
	}, {
		name: "large_elems", m: largeElems, header: (**hmap)(unsafe.Pointer(&largeElems)), elemMode: pointer, key: intKey, index: intIndex,
		renew:  func(hint int) { largeElems = make(map[int]large, hint) },
		assign: func(i, e int) { largeElems[i] = makeLarge(e) },
		remove: func(i int) { delete(largeElems, i) },
		iterate: func() {
			for range largeElems {
				break
			}
		},
		clear: func() {
			for k := range largeElems {
				delete(largeElems, k)
			}
		},
	}, {
		name: "large_keys", m: largeKeys, header: (**hmap)(unsafe.Pointer(&largeKeys)), keyMode: pointer,
		key:    func(i int) unsafe.Pointer { lrg = makeLarge(i); return unsafe.Pointer(&lrg) },
		index:  intIndex,
		renew:  func(hint int) { largeKeys = make(map[large]int8, hint) },
		assign: func(i, e int) { largeKeys[makeLarge(i)] = int8(e) },
		remove: func(i int) { delete(largeKeys, makeLarge(i)) },
		iterate: func() {
			for range largeKeys {
				break
			}
		},
		clear: func() {
			for k := range largeKeys {
				delete(largeKeys, k)
			}
		},
	}}
}

func main() {
	out = bufio.NewWriter(os.Stdout)
	rand.Seed(1)
	for _, k := range kinds() {
		k.measure()
		k.script()
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
