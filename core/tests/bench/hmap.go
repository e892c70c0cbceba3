// The other half of hmap.c, line for line, with Go's own map: same keys, same order, same output.
package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

const (
	insert = iota
	lookup
	absent
	iterate
	remove
	operations
)

var names = [operations]string{"insert", "lookup", "absent", "iterate", "delete"}
var spent [operations]int64
var sum int64

// splitmix64
func scatter(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

type order struct{ inserted, present, absent []int }

func orderOf(count int) order {
	o := order{make([]int, count), make([]int, count), make([]int, count)}
	for i := 0; i < count; i++ {
		o.inserted[i], o.present[i], o.absent[i] = i, i*7919%count, count+i
	}
	return o
}

func intKeys(numbers []int) []int64 {
	keys := make([]int64, len(numbers))
	for i, number := range numbers {
		keys[i] = int64(scatter(uint64(number)))
	}
	return keys
}

func stringKeys(numbers []int) []string {
	keys, ends, text := make([]string, len(numbers)), make([]int, len(numbers)), []byte(nil)
	for i, number := range numbers {
		if number&1 != 0 {
			text = append(text, "a longer key, with the number "...)
		} else {
			text = append(text, "key "...)
		}
		text = strconv.AppendInt(text, int64(number), 10)
		ends[i] = len(text)
	}
	whole, start := string(text), 0
	for i, end := range ends {
		keys[i], start = whole[start:end], end
	}
	return keys
}

func now() int64 {
	var at syscall.Timespec
	const processCPUTime = 2
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, processCPUTime, uintptr(unsafe.Pointer(&at)), 0)
	return at.Nano()
}

func keep(at [operations + 1]int64) {
	for i := range spent {
		spent[i] += at[i+1] - at[i]
	}
}

// Written out for either key: the compiler picks the runtime's fast variants by the type, which a type parameter would hide.

func roundsOfInts(o order, rounds int) {
	inserted, present, absentees := intKeys(o.inserted), intKeys(o.present), intKeys(o.absent)
	for ; rounds > 0; rounds-- {
		var at [operations + 1]int64
		at[insert] = now()
		m := make(map[int64]int64)
		for i, key := range inserted {
			m[key] = int64(i)
		}
		at[lookup] = now()
		for _, key := range present {
			sum += m[key]
		}
		at[absent] = now()
		for _, key := range absentees {
			if _, found := m[key]; found {
				sum++
			}
		}
		at[iterate] = now()
		for _, elem := range m {
			sum += elem
		}
		at[remove] = now()
		for _, key := range present {
			delete(m, key)
		}
		at[operations] = now()
		sum += int64(len(m))
		keep(at)
	}
}

func roundsOfStrings(o order, rounds int) {
	inserted, present, absentees := stringKeys(o.inserted), stringKeys(o.present), stringKeys(o.absent)
	for ; rounds > 0; rounds-- {
		var at [operations + 1]int64
		at[insert] = now()
		m := make(map[string]int64)
		for i, key := range inserted {
			m[key] = int64(i)
		}
		at[lookup] = now()
		for _, key := range present {
			sum += m[key]
		}
		at[absent] = now()
		for _, key := range absentees {
			if _, found := m[key]; found {
				sum++
			}
		}
		at[iterate] = now()
		for _, elem := range m {
			sum += elem
		}
		at[remove] = now()
		for _, key := range present {
			delete(m, key)
		}
		at[operations] = now()
		sum += int64(len(m))
		keep(at)
	}
}

func main() {
	if len(os.Args) != 4 {
		os.Exit(2)
	}
	count, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	if os.Args[1] == "int" {
		roundsOfInts(orderOf(count), rounds)
	} else {
		roundsOfStrings(orderOf(count), rounds)
	}
	for i, name := range names {
		fmt.Printf("%s %d %s %.2f\n", os.Args[1], count, name, float64(spent[i])/float64(count*rounds))
	}
	if sum == 0 { // it never is, but no work may be left out
		os.Exit(1)
	}
}
