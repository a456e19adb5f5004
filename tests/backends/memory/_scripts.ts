/** What every script of {@linkcode SCRIPTS} finds. */
export const BASE = `add table ip t
add map ip t ways { typeof ip daddr . meta l4proto . th dport : verdict ; }
add map ip t data { typeof ip daddr : ip daddr . tcp dport ; }
add map ip t marks { typeof ip daddr : verdict ; }
add set ip t ranges { typeof ip daddr ; flags interval ; }
add set ip t long { typeof ip daddr . meta l4proto . th dport . ip saddr ; flags interval ; }
add map ip t slots { typeof tcp dport . numgen random mod 65536 : ip daddr . tcp dport ; }
add map ip t clients { typeof ip saddr : ip daddr . tcp dport ; flags dynamic,timeout ; size 1000 ; }
add chain ip t target
add chain ip t other
add chain ip t base { type nat hook prerouting priority -100 ; }
add rule ip t base ip daddr . meta l4proto . th dport vmap @ways
add element ip t ways { 10.0.0.1 . tcp . 80 comment "one" : goto target }
add element ip t data { 10.0.0.1 : 10.0.0.2 . 80 }
add element ip t ranges { 10.0.0.0/8 }
add element ip t long { 10.0.0.1 . tcp . 80 . 10.0.0.0/8 }
`;

const MISSING = "No such file or directory";
const EXISTS = "File exists";
const BUSY = "Device or resource busy";
const UNSUPPORTED = "Operation not supported";

/** A script that nft takes, or refuses for a reason. */
export interface ScriptRow {
  readonly name: string;
  readonly script: string;
  readonly refused?: string;
}

/** What nft and the kernel take and refuse: the in-memory nft and the real one are held to the same table. */
export const SCRIPTS: readonly ScriptRow[] = [
  {
    name: "an element gets another verdict",
    script: "add element ip t ways { 10.0.0.1 . tcp . 80 : goto other }",
    refused: EXISTS,
  },
  {
    name: "an element is added again with another comment",
    script: 'add element ip t ways { 10.0.0.1 . tcp . 80 comment "two" : goto target }',
  },
  {
    name: "an element gets other data",
    script: "add element ip t data { 10.0.0.1 : 10.0.0.2 . 81 }",
    refused: EXISTS,
  },
  {
    name: "an element is added again",
    script: "add element ip t data { 10.0.0.1 : 10.0.0.2 . 80 }",
  },
  {
    name: "a statement has a key twice with different data",
    script: "add element ip t data { 10.0.0.9 : 10.0.0.2 . 80,\n 10.0.0.9 : 10.0.0.2 . 81 }",
    refused: EXISTS,
  },
  {
    name: "an element is deleted and added with other data",
    script: "delete element ip t data { 10.0.0.1 }\n" +
      "add element ip t data { 10.0.0.1 : 10.0.0.2 . 81 }",
  },
  {
    name: "an element is deleted under another value",
    script: "delete element ip t data { 10.0.0.1 : 10.0.0.2 . 99 }",
  },
  {
    name: "an element that is not there is deleted",
    script: "delete element ip t data { 10.0.0.9 }",
    refused: MISSING,
  },
  {
    name: "an element is deleted twice",
    script: "delete element ip t data { 10.0.0.1 }\ndelete element ip t data { 10.0.0.1 }",
    refused: MISSING,
  },
  {
    name: "an element is added, then deleted",
    script: "add element ip t data { 10.0.0.9 : 10.0.0.2 . 80 }\n" +
      "delete element ip t data { 10.0.0.9 }",
  },
  {
    name: "an element leads to a chain that is not there",
    script: "add element ip t ways { 10.0.0.2 . tcp . 80 : goto absent }",
    refused: MISSING,
  },
  {
    name: "an element leads to a chain that is made after it",
    script: "add element ip t ways { 10.0.0.2 . tcp . 80 : goto late }\nadd chain ip t late",
    refused: MISSING,
  },
  {
    name: "an element leads to a base chain",
    script: "add element ip t ways { 10.0.0.2 . tcp . 80 : goto base }",
    refused: UNSUPPORTED,
  },
  {
    name: "an element of a map has no value",
    script: "add element ip t data { 10.0.0.2 }",
    refused: "Invalid argument",
  },
  { name: "a range is added again", script: "add element ip t ranges { 10.0.0.0/8 }" },
  {
    name: "a range lies in another one",
    script: "add element ip t ranges { 10.1.0.0/16 }",
    refused: "interval overlaps with an existing one",
  },
  {
    name: "a range lies around another one",
    script: "add element ip t ranges { 0.0.0.0/4 }",
    refused: "interval overlaps with an existing one",
  },
  {
    name: "an address lies in a range",
    script: "add element ip t ranges { 10.1.0.1 }",
    refused: "interval overlaps with an existing one",
  },
  { name: "a range lies beside another one", script: "add element ip t ranges { 11.0.0.0/8 }" },
  {
    name: "a range is deleted, then one around it added",
    script: "delete element ip t ranges { 10.0.0.0/8 }\nadd element ip t ranges { 0.0.0.0/0 }",
  },
  {
    name: "a part of a range is deleted",
    script: "delete element ip t ranges { 10.1.0.0/16 }",
    refused: "",
  },
  {
    name: "a concatenation with a range is added again",
    script: "add element ip t long { 10.0.0.1 . tcp . 80 . 10.0.0.0/8 }",
  },
  {
    name: "a concatenation's range lies in another one",
    script: "add element ip t long { 10.0.0.1 . tcp . 80 . 10.1.0.0/16 }",
    refused: "",
  },
  {
    name: "two concatenations have the same range",
    script: "add element ip t long { 10.0.0.1 . tcp . 81 . 10.1.0.0/16 }",
  },
  {
    name: "a chain that an element leads to is deleted",
    script: "delete chain ip t target",
    refused: BUSY,
  },
  {
    name: "a chain is deleted after the element that led to it",
    script: "delete element ip t ways { 10.0.0.1 . tcp . 80 }\ndelete chain ip t target",
  },
  {
    name: "a chain is deleted after its map was flushed",
    script: "flush map ip t ways\ndelete chain ip t target",
  },
  {
    name: "a chain that a rule leads to is deleted",
    script: "add rule ip t base jump other\ndelete chain ip t other",
    refused: BUSY,
  },
  {
    name: "a chain with rules is deleted",
    script: "add rule ip t other drop\ndelete chain ip t other",
  },
  { name: "a chain that is not there is deleted", script: "delete chain ip t no", refused: "" },
  { name: "a chain that is not there is flushed", script: "flush chain ip t no", refused: MISSING },
  {
    name: "a map that a rule uses is deleted",
    script: "delete map ip t ways",
    refused: BUSY,
  },
  {
    name: "a map is deleted with its elements, then the chain that they led to",
    script: "flush chain ip t base\ndelete map ip t ways\ndelete chain ip t target",
  },
  { name: "a map that is not there is deleted", script: "delete map ip t no", refused: MISSING },
  { name: "a map that is not there is flushed", script: "flush map ip t no", refused: MISSING },
  {
    name: "a map is declared again",
    script: "add map ip t data { typeof ip daddr : ip daddr . tcp dport ; }",
  },
  {
    name: "a map is declared again with another value",
    script: "add map ip t data { typeof ip daddr : verdict ; }",
    refused: EXISTS,
  },
  {
    name: "a set is declared again without its flags",
    script: "add set ip t ranges { typeof ip daddr ; }",
    refused: EXISTS,
  },
  {
    name: "a rule leads to a chain that is not there",
    script: "add rule ip t other jump no",
    refused: MISSING,
  },
  {
    name: "a rule looks into a set that is not there",
    script: "add rule ip t other ip daddr @no drop",
    refused: MISSING,
  },
  {
    name: "a rule leads to a base chain",
    script: "add rule ip t other goto base",
    refused: UNSUPPORTED,
  },
  {
    name: "a rule is added to a chain that is not there",
    script: "add rule ip t no drop",
    refused: MISSING,
  },
  {
    name: "a base chain is added again",
    script: "add chain ip t base { type nat hook prerouting priority -100 ; }",
  },
  { name: "a base chain is added again by its name", script: "add chain ip t base" },
  {
    name: "a base chain moves to another hook",
    script: "add chain ip t base { type nat hook output priority -100 ; }",
    refused: UNSUPPORTED,
  },
  {
    name: "a chain becomes a base chain",
    script: "add chain ip t target { type nat hook output priority -100 ; }",
    refused: EXISTS,
  },
  { name: "a table that is not there is deleted", script: "delete table ip no", refused: MISSING },
  { name: "a chain in a table that is not there", script: "add chain ip no c", refused: MISSING },
  {
    name: "a table is made anew",
    script: "delete table ip t\nadd table ip t\nadd chain ip t target",
  },
  {
    name: "a table is gone with all that was in it",
    script: "delete table ip t\nadd table ip t\nflush chain ip t target",
    refused: MISSING,
  },
  {
    name: "every kind of match and statement",
    script: `add rule ip t other ct state new ip saddr != 10.0.0.0/8 fib daddr type local drop
add rule ip t other iifname != "cali*" meta mark set meta mark | 0x00004000
add rule ip t other meta mark & 0x00004000 == 0x00004000 ip daddr @ranges reject
add rule ip t other ip daddr . meta l4proto . th dport . ip saddr != @long drop
add rule ip t other meta l4proto tcp ct original ip daddr 10.0.0.1 ct original proto-dst 80 drop`,
  },
  {
    name: "translation with a random slot, and what clients chose",
    script: `add chain ip t balancer
add rule ip t balancer dnat ip to tcp dport . numgen random mod 2 map @slots
add rule ip t base meta l4proto tcp dnat ip to ip saddr map @clients
add rule ip t base meta l4proto tcp update @clients { ct original ip saddr timeout 10s : ip daddr . tcp dport }
add set ip t asked { typeof ip daddr . meta l4proto . th dport ; flags dynamic,timeout ; size 1000 ; }
add rule ip t base meta l4proto tcp update @clients { ct original ip saddr timeout 10s : ip daddr . tcp dport } return
add rule ip t base meta l4proto tcp update @asked { ct original ip daddr . meta l4proto . ct original proto-dst timeout 10s }
add chain ip t post { type nat hook postrouting priority 100 ; }
add rule ip t post ct status dnat masquerade fully-random`,
  },
];
