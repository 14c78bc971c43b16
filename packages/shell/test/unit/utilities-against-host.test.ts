/** The utilities beside the host's (coreutils, grep): the same scripts must print the same. */
import { describe, expect, it } from '@jest/globals';
import { ScriptKernel } from '../harness.js';
import { hasHostShell, runOnHost } from '../host-shell.js';

const TEXT = 'pear 3\napple 10\nfig 2\napple 10\n\nPear 1\n  date\u00e9 7\nno newline at the end';

const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  echo: [
    '/bin/echo a  b; /bin/echo; /bin/echo -n x; /bin/echo -- -n',
    `/bin/echo -e 'a\\tb\\n\\x41\\0102\\\\ \\e[m'; /bin/echo -E 'a\\tb'; /bin/echo -ne 'x\\cy' z`,
    `/bin/echo -e '\\z \\x \\0 end' | hexdump -C | head -n 1 | head -c 8`,
    '/bin/echo -neE "a\\n"; /bin/echo -nx',
  ],
  cat: [
    'cat f; cat f f | wc -l; cat < f; cat - < f; cat f - < f | wc -c',
    'cat -n f; cat -n f f | tail -n 3',
    'cat no-such f > out; echo $?; wc -c out',
    'mkdir d; cat d; echo $?',
  ],
  wc: [
    'wc f; wc -l f; wc -w < f; wc -c f f; wc -m f; wc -lc f',
    'printf "a\\0b c\\n\\n d" | wc',
    'wc < /dev/null; wc no-such; echo $?',
  ],
  head: [
    'head -n 2 f; head -n0 f; head -c 7 f; echo; head -2 f; head -n 100 f',
    'head -n 1 f f; head -n 1 - < f; head -n -3 f; head -c -5 f',
    'head no-such; echo $?',
  ],
  tail: [
    'tail -n 2 f; tail -n0 f; tail -c 7 f; echo; tail -2 f; tail -n 100 f; tail -n +3 f; tail -c +10 f',
    'tail -n 1 f f; tail -n 3 < f; tail -n 5 /dev/null',
  ],
  sort: [
    'sort f; sort -r f; sort -u f; sort f f | sort -u | wc -l',
    'printf "10\\n9\\n-1\\n2.5\\nx\\n\\n 3\\n2.50\\n" > n; sort -n n; sort -nr n; sort -nu n',
    'sort < /dev/null; sort no-such; echo $?',
  ],
  grep: [
    'grep apple f; grep -v a f; grep -n a f; grep -c a f; grep -i pear f; echo $?',
    'grep nothing f; echo $?; grep -q fig f; echo $?; grep x no-such; echo $?; grep -s x no-such; echo $?',
    "grep -E 'a(p+)le|fig' f; grep -E '^$' -n f; grep '[[:digit:]]$' f; grep -F '[a' f; echo '[a' | grep -F '[a'",
    'mkdir -p d/e; cp f d/e/g; cp f d/h; grep -r fig d | sort; grep -rl fig d | sort; grep -rc fig d | sort; grep -rn fig d/h',
    'grep -w app f; grep -w apple f; grep -x "fig 2" f; grep -o "p[a-z]" f; grep -ho "1." f f; grep -H fig f; grep -h fig f f',
    'grep fig < f; grep -e fig f; grep -c fig f /dev/null; grep -l fig f /dev/null; echo -e | grep -c x',
    'grep a d; mkdir d; grep a d; echo $?; grep fig - < f; grep -H fig - < f',
  ],
  printf: [
    `printf 'a%sb\\n' 1 2 3; printf '%s %s|' a b c; echo; printf 'x\\ty\\101\\n'; printf '%%%c%c\\n' hello w`,
    `printf '[%5s][%-5s][%.2s][%5.1s]\\n' abc abc abc abc; printf '[%d][%5d][%-5d][%05d][%+d]\\n' 1 -2 3 -4 5`,
    `printf '%x %X %o %u %#x %#o\\n' 255 255 8 7 255 8; printf '%d %d %d\\n' 0x10 010 "'A"; printf '%b\\n' 'a\\tb'`,
    `printf 'a\\377\\0b\\n' | wc -c; printf '%b' 'x\\0377\\n' | wc -c; /bin/echo -e '\\xe2\\x82\\xac \\0303\\0251'`,
    `printf '%d\\n' x; echo $?; printf '%s\\n'; printf -- 'a\\n'; printf '%*d|%-*d|\\n' 5 1 5 2`,
  ],
  test: [
    'test; echo $?; test ""; echo $?; test a; echo $?; test -n ""; echo $?; test -z ""; echo $?; test -n; echo $?',
    'test a = a; echo $?; test a != a; echo $?; [ a = b ]; echo $?; [ a = a; echo $?; test 1 -lt 2; echo $?; test 2 -le 1; echo $?',
    'test x -eq 1; echo $?; test 1 -eq 01; echo $?; test ! a; echo $?; test ! ""; echo $?; test ! = a; echo $?; test "(" a ")"; echo $?',
    'mkdir d; ln -s f l; test -f f -a -d d; echo $?; test -f d -o -L l; echo $?; test -e no; echo $?; test -s f; echo $?; test -x d; echo $?',
    'test -h f; echo $?; test -p f; echo $?; test -c /dev/null; echo $?; test -t 0; echo $?; test a b; echo $?; test -f; echo $?',
  ],
  names: [
    'basename a/b/c; basename /; basename a/b/; basename x.c .c; basename .c .c; basename; echo $?',
    'dirname a/b/c; dirname /; dirname a; dirname /a; dirname a//b; dirname a/b/; dirname //',
    'ln -s f l; readlink l; readlink f; echo $?; readlink -n l; readlink no; echo $?',
    'seq 3; seq 2 4; seq 1 2 6; seq 3 -1 1; seq 0.5 0.25 1; seq 5 1; seq x; echo $?; seq; echo $?; seq 1 0 3; echo $?',
  ],
  files: [
    'cp f g; cat g | wc; cp f g h; echo $?; mkdir d; cp f g d; ls d; cp d e; echo $?; cp -r d e; ls e; cp f d/new; ls d',
    'mkdir d; echo x > d/x; cp -r d d2; cp -r d d2; ls d2 d2/d; cp f f; echo $?; cp no-such x; echo $?; cp f; echo $?',
    'ln -s f l; cp l m; cp -r l n; test -L m; echo $?; test -L n; echo $?; readlink n',
    'mkdir d; cp -r d d/e 2> /dev/null; echo $?',
    'mv f g; ls; mkdir d; mv g d; ls . d; mv no-such x; echo $?; mv d/g .; ls; mv d e; ls; mv g e/h; ls e',
    'mkdir a b; > a/x; mv a b; ls -R b; mkdir a; mv a b; echo $?',
    'rm f; ls; rm no-such; echo $?; rm -f no-such; echo $?; mkdir -p d/e; > d/x; rm d; echo $?; rm -r d; ls; rm -f; echo $?',
    'mkdir d; rm -rf d no-such; echo $?; rm .; echo $?; rm -r ..; echo $?; > ./-x; rm -- -x; ls',
    'mkdir d d; echo $?; mkdir -p a/b/c d; echo $?; ls -d a/b/c; mkdir x/y; echo $?; mkdir -p f; echo $?; mkdir -p f/g; echo $?',
    'mkdir -p a/b/c; rmdir a/b/c; ls a/b; rmdir a; echo $?; rmdir -p a/b; ls; rmdir f; echo $?',
    'touch new; ls; touch -c other; ls; touch no/x; echo $?; touch f; wc -c f',
    'ln f g; echo more >> g; tail -c 5 f; ln -s f s; cat s | wc -l; ln f g; echo $?; ln -f f g; echo $?; ln -sf g s; readlink s',
    'mkdir d; ln -s ../f d; cat d/f | wc -l; ln no-such x; echo $?',
    'echo a | tee x y; cat x y; echo b | tee -a x; cat x; echo c | tee no/x; echo $?',
  ],
  ls: [
    'mkdir d; > b; > .h; > a; ls; ls -a; ls -A; ls -1 d a; ls d/; ls -d d; ls -r; ls no-such a; echo $?',
    'mkdir -p x/y/z; > x/1; > x/y/2; ls -R; ls -R x/y; ls x f; ls f x',
    'mkdir d; ln -s d l; ln -s none n; > e; ls -F | cat; ls l; ls -d l; ls n; ls -l n | wc -l',
    'echo 12345 > big; echo 1 > small; ls -S; ls -Sr',
    'ls -l | head -n 1 | wc -w',
  ],
  environment: [
    'pwd > p; wc -l < p; env -i A=1 B="2 3"; env -i /bin/echo x; X=1 env | grep ^X=; env -u X env | grep -c ^X=',
    'X=5 printenv X; printenv no-such; echo $?; env no-such-command; echo $?; env false; echo $?; env sh -c "exit 3" 2> /dev/null; true',
    'true --x; echo $?; /bin/true; echo $?; /bin/false; echo $?',
    'yes | head -n 3; yes a b | head -n 2; yes x | head -c 100000 | wc',
    'sleep 0.01; echo $?; sleep .01 0.01s; echo $?; sleep x; echo $?; sleep; echo $?',
    'date -u +%% ; date +x%nx%t.',
    'kill -l 15; kill -l 143; /bin/kill -l INT',
    'sleep 10 & kill $!; wait $!; echo $?; sleep 10 & kill -9 $!; wait $!; echo $?; sleep 10 & kill -s INT $!; wait $!; kill -0 $!; echo $?',
  ],
};

(hasHostShell ? describe : describe.skip)('utilities, as on the host:', () => {
  const kernel = new ScriptKernel();
  for (const [group, scripts] of Object.entries(SCRIPTS)) {
    describe(group, () => {
      for (const script of scripts) {
        it(script, async () => {
          const prepared = `cat > f\n${script}`;
          const [ours, theirs] = await Promise.all([kernel.run(prepared, TEXT), runOnHost(prepared, TEXT)]);
          const { stdout, status } = ours;
          expect({ stdout, status }).toEqual(theirs);
        });
      }
    });
  }
});
