// One Go program on any number of CPUs: goroutines that compute, talk, contend, fill the heap, and change the memory under
// each other's feet. What it prints is the same whatever runs beside what.
//
//	go-threads                 every part once, each with a checksum
//	go-threads cpus            the number of CPUs that the system offers, as Go counts them
//	go-threads time P ROUNDS   the compute part, ROUNDS times with GOMAXPROCS P, and its time in ms
package main

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"hash/fnv"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const workers = 4

// random is xorshift64: the same numbers in every version of Go.
type random uint64

func (r *random) next() uint64 {
	x := uint64(*r)
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*r = random(x)
	return x
}

func seeded(seed int) *random {
	r := random(0x9e3779b97f4a7c15 * uint64(seed+1))
	return &r
}

// together runs work for each worker on a goroutine of its own and folds the results in the workers' order.
func together(n int, work func(worker int) uint64) uint64 {
	results := make([]uint64, n)
	var all sync.WaitGroup
	for i := 0; i < n; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			results[i] = work(i)
		}(i)
	}
	all.Wait()
	return fold(results)
}

func fold(values []uint64) uint64 {
	hash := fnv.New64a()
	var word [8]byte
	for _, value := range values {
		binary.LittleEndian.PutUint64(word[:], value)
		hash.Write(word[:])
	}
	return hash.Sum64()
}

func say(words ...string) {
	line := ""
	for i, word := range words {
		if i > 0 {
			line += " "
		}
		line += word
	}
	os.Stdout.WriteString(line + "\n")
}

func hex(value uint64) string { return strconv.FormatUint(value, 16) }

func fail(what string) {
	say("FAIL", what)
	os.Exit(1)
}

// hashes is a chain of SHA-256 over a buffer that changes with it.
func hashes(worker int) uint64 {
	buffer := make([]byte, 4096)
	r := seeded(worker)
	for i := range buffer {
		buffer[i] = byte(r.next())
	}
	for i := 0; i < 12; i++ {
		sum := sha256.Sum256(buffer)
		copy(buffer[i*len(sum):], sum[:])
	}
	sum := sha256.Sum256(buffer)
	return binary.LittleEndian.Uint64(sum[:])
}

func sorts(worker int) uint64 {
	r := seeded(worker)
	numbers := make([]int, 4000)
	for i := range numbers {
		numbers[i] = int(r.next() >> 2)
	}
	sort.Ints(numbers)
	words := make([]uint64, len(numbers))
	for i, number := range numbers {
		if i > 0 && numbers[i-1] > number {
			fail("sort: out of order")
		}
		words[i] = uint64(number)
	}
	return fold(words)
}

// compresses gives the checksum of what comes out again: the compressed bytes differ between versions of Go.
func compresses(worker int) uint64 {
	r := seeded(worker)
	text := make([]byte, 0, 8192)
	for len(text) < 8192 {
		text = append(text, "a text of few words that come again "[:r.next()%36]...)
	}
	var packed bytes.Buffer
	writer, err := flate.NewWriter(&packed, 6)
	if err != nil {
		fail("flate: " + err.Error())
	}
	writer.Write(text)
	writer.Close()
	if packed.Len() >= len(text) {
		fail("flate: nothing won")
	}
	again, err := io.ReadAll(flate.NewReader(&packed))
	if err != nil || !bytes.Equal(again, text) {
		fail("flate: other bytes came out")
	}
	sum := sha256.Sum256(again)
	return binary.LittleEndian.Uint64(sum[:])
}

func compute(worker int) uint64 {
	return hashes(worker) ^ sorts(worker) ^ compresses(worker)
}

// channels sends numbers through unbuffered and buffered stages, and collects them with select.
func channels() uint64 {
	const count = 600
	stage := func(in <-chan uint64, room int, change func(uint64) uint64) <-chan uint64 {
		out := make(chan uint64, room)
		go func() {
			defer close(out)
			for value := range in {
				out <- change(value)
			}
		}()
		return out
	}
	source := make(chan uint64)
	go func() {
		defer close(source)
		for i := uint64(0); i < count; i++ {
			source <- i
		}
	}()
	piped := stage(stage(source, 0, func(v uint64) uint64 { return v * v }), 8, func(v uint64) uint64 { return v + 1 })
	ticks := make(chan uint64)
	go func() {
		defer close(ticks)
		for i := uint64(0); i < 5; i++ {
			time.Sleep(time.Millisecond)
			ticks <- i
		}
	}()
	sum, order := uint64(0), []uint64{}
	for piped != nil || ticks != nil {
		select {
		case value, more := <-piped:
			if !more {
				piped = nil
				continue
			}
			order = append(order, value)
		case tick, more := <-ticks:
			if !more {
				ticks = nil
				continue
			}
			sum += tick
		}
	}
	return fold(append(order, sum))
}

// contends counts under a mutex, in a map under a lock for readers and writers, and with atomics.
func contends() uint64 {
	const rounds = 1500
	var mutex sync.Mutex
	var lock sync.RWMutex
	var counted, added uint64
	table := map[uint64]uint64{}
	together(2*workers, func(worker int) uint64 {
		r := seeded(worker)
		for i := 0; i < rounds; i++ {
			mutex.Lock()
			counted++
			mutex.Unlock()
			atomic.AddUint64(&added, r.next()>>32)
			if i%16 == 0 {
				lock.Lock()
				table[r.next()%64]++
				lock.Unlock()
			} else {
				lock.RLock()
				_ = table[uint64(i)%64]
				lock.RUnlock()
			}
			if i%64 == 0 {
				runtime.Gosched()
			}
		}
		return 0
	})
	if counted != 2*workers*rounds {
		fail("mutex: " + strconv.FormatUint(counted, 10))
	}
	values := []uint64{counted, added}
	for key := uint64(0); key < 64; key++ {
		values = append(values, table[key])
	}
	return fold(values)
}

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func (t *tree) count() uint64 {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

// litters makes garbage on all goroutines at once, of small and of large pieces, while the heap is given back to the system:
// collections stop the world, and the pages that were freed come back as zeroes.
func litters() uint64 {
	before := debug.SetGCPercent(20)
	defer debug.SetGCPercent(before)
	return together(workers, func(worker int) uint64 {
		r := seeded(worker)
		kept := grow(10)
		var pieces [4][]byte
		sum := uint64(0)
		for i := 0; i < 16; i++ {
			sum += grow(8).count()
			piece := make([]byte, 64<<10)
			for _, at := range []int{0, 4095, 40000, len(piece) - 1} {
				if piece[at] != 0 {
					fail("fresh memory is not zero")
				}
			}
			fill := byte(r.next())
			for at := 0; at < len(piece); at += 512 {
				piece[at] = fill
			}
			pieces[i%4] = piece
			for at := 0; at < len(piece); at += 512 {
				sum += uint64(pieces[i%4][at])
			}
			if i%8 == worker {
				debug.FreeOSMemory()
			}
		}
		return sum + kept.count()
	})
}

// stored writes a byte. False: the page did not let it.
func stored(page []byte) (ok bool) {
	defer func() { ok = recover() == nil }()
	page[0] = 1
	return true
}

// Phases of a page; it is closed by taking the right to write away or by putting an inaccessible page in its place.
const (
	open    = iota // every store must succeed
	closing        // either
	closed         // every store must fail: the system call has returned
	opening        // either
	phases
)

// scribbles stores to the page without end, and says which phase it has checked last. A store that another phase than it
// began in may have overtaken proves nothing.
func scribbles(page []byte, phase, checked *uint32, end uint32) {
	debug.SetPanicOnFault(true)
	for {
		now := atomic.LoadUint32(phase)
		if now == end {
			return
		}
		ok := stored(page)
		if atomic.LoadUint32(phase) != now {
			continue
		}
		if ok && now%phases == closed {
			fail("a closed page took a byte")
		}
		if !ok && now%phases == open {
			fail("an open page refused a byte")
		}
		atomic.StoreUint32(checked, now)
		runtime.Gosched()
	}
}

const pageBytes = 16384

// replace puts a fresh page where one is.
func replace(page []byte, rights uintptr) {
	const flags = syscall.MAP_PRIVATE | syscall.MAP_ANON | syscall.MAP_FIXED
	at := uintptr(unsafe.Pointer(&page[0]))
	if _, _, errno := syscall.Syscall6(syscall.SYS_MMAP, at, pageBytes, rights, flags, ^uintptr(0), 0); errno != 0 {
		fail("mmap: " + errno.Error())
	}
}

// change takes the page's rights away or gives them back, by turns in two ways.
func change(page []byte, rights, round int) {
	if round%2 == 1 {
		replace(page, uintptr(rights))
	} else if err := syscall.Mprotect(page, rights); err != nil {
		fail("mprotect: " + err.Error())
	}
}

// pages has one goroutine write to a page while another one opens and closes it.
func pages() uint64 {
	const rounds = 30
	const both = syscall.PROT_READ | syscall.PROT_WRITE
	page, err := syscall.Mmap(-1, 0, pageBytes, both, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		fail("mmap: " + err.Error())
	}
	var phase, checked uint32 = open, closed
	await := func() {
		for atomic.LoadUint32(&checked) != atomic.LoadUint32(&phase) {
			runtime.Gosched()
		}
	}
	var writer sync.WaitGroup
	writer.Add(1)
	go func() {
		defer writer.Done()
		scribbles(page, &phase, &checked, rounds*phases)
	}()
	fresh := uint64(0)
	for round := 0; round < rounds; round++ {
		await()
		page[1] = 7
		atomic.AddUint32(&phase, 1)
		change(page, syscall.PROT_NONE, round)
		atomic.AddUint32(&phase, 1)
		await()
		atomic.AddUint32(&phase, 1)
		change(page, both, round)
		if page[1] == 0 {
			fresh++
		}
		atomic.AddUint32(&phase, 1)
	}
	writer.Wait()
	if err := syscall.Munmap(page); err != nil {
		fail("munmap: " + err.Error())
	}
	return fold([]uint64{fresh})
}

func number(words []string, at int) int {
	if at >= len(words) {
		fail("a number is missing")
	}
	value, err := strconv.Atoi(words[at])
	if err != nil || value < 1 {
		fail("expected a positive number, got " + words[at])
	}
	return value
}

// timed computes; the lines around it let a host with a clock of its own measure too.
func timed(procs, rounds int) {
	runtime.GOMAXPROCS(procs)
	compute(0)
	say("begin")
	start := time.Now()
	results := make([]uint64, rounds)
	for i := range results {
		results[i] = together(2, compute)
	}
	elapsed := time.Since(start).Milliseconds()
	say("end", hex(fold(results)), strconv.FormatInt(elapsed, 10), "ms")
}

func main() {
	arguments := os.Args[1:]
	if len(arguments) > 0 && arguments[0] == "cpus" {
		say(strconv.Itoa(runtime.NumCPU()))
		return
	}
	if len(arguments) > 0 && arguments[0] == "time" {
		timed(number(arguments, 1), number(arguments, 2))
		return
	}
	say("hashes", hex(together(workers, hashes)))
	say("sorts", hex(together(workers, sorts)))
	say("compresses", hex(together(workers, compresses)))
	say("channels", hex(channels()))
	say("contends", hex(contends()))
	say("litters", hex(litters()))
	say("pages", hex(pages()))
}
