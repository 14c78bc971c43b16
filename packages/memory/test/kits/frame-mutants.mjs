/** Bugs in the frame allocator, nodes and policies; part of mutants.mjs. */
const FRAMES = 'frames/frame-allocator.ts';
const ZONE = 'frames/zone.ts';
const NODES = 'numa/node-state.ts';
const POLICY = 'numa/policy.ts';
const TOPOLOGY = 'numa/topology.ts';

export default [
  {
    name: 'code is announced only once per frame',
    file: FRAMES,
    find: '    zone.synced[index] = 0;\n',
    replace: '',
  },
  {
    name: 'a node at low is taken from',
    file: FRAMES,
    find: 'nodes.free[order[i]] <= nodes.low[order[i]]',
    replace: 'nodes.free[order[i]] < nodes.low[order[i]]',
  },
  {
    name: 'nobody is told that a node ran short',
    file: FRAMES,
    find: 'this.short_ = order[i];',
    replace: 'continue;',
  },
  { name: 'a short node is told twice', file: FRAMES, find: '    this.short_ = NO_NODE;\n', replace: '' },
  {
    name: 'urgent requests leave the reserve',
    file: FRAMES,
    find: 'nodes.floor(order[i], urgency)',
    replace: 'nodes.floor(order[i], 0)',
  },
  {
    name: 'a released frame stays missing from its node',
    file: FRAMES,
    find: '    this.nodes.free[zone.node]++;\n',
    replace: '',
  },
  {
    name: 'a frame taken by its number is not counted',
    file: FRAMES,
    find: '    if (error === 0) this.uncounted(zone.node, 1);\n',
    replace: '',
  },
  {
    name: 'a run comes from any node',
    file: FRAMES,
    find: '      if (node !== NO_NODE && zone.node !== node) continue;\n',
    replace: '',
  },
  {
    name: 'migration takes what it should leave',
    file: FRAMES,
    find: 'if (!(this.nodes.free[node] > leave)) return ENOMEM;',
    replace: '',
  },
  {
    name: 'only the first region of a node gives frames',
    file: FRAMES,
    find: 'for (let i = 0; i < zones.length; i++)',
    replace: 'for (let i = 0; i < 1; i++)',
  },
  {
    name: 'a long run that breaks off keeps its first blocks',
    file: ZONE,
    find: '        this.freeRow(index, at - index, count);\n',
    replace: '',
  },
  {
    name: 'the frames of a long run cannot be freed by themselves',
    file: ZONE,
    find: '    this.splitRow(index, count);\n    return -1;',
    replace: '    return -1;',
  },
  {
    name: 'a run starts where its region does',
    file: ZONE,
    find: 'let index = ceil(this.first / step) * step - this.first;',
    replace: 'let index = 0;',
  },
  { name: 'atomic requests take all of the reserve', file: NODES, find: 'this.min[node] >>> 1 : 0', replace: '0 : 0' },
  {
    name: 'pressure is one frame late',
    file: NODES,
    find: 'if (free < this.low[node])',
    replace: 'if (free < this.low[node] - 1)',
  },
  {
    name: 'a miss is not foreign to the node that was wanted',
    file: NODES,
    find: 'counts[wanted * COUNTS + FOREIGN]++',
    replace: 'counts[given * COUNTS + FOREIGN]++',
  },
  {
    name: 'local counts where the policy looked, not where the CPU is',
    file: NODES,
    find: 'given === local ?',
    replace: 'given === wanted ?',
  },
  {
    name: 'watermarks may be out of order',
    file: NODES,
    find: ' || min > low || low > high',
    replace: '',
  },
  {
    name: 'bind falls back to all nodes',
    file: POLICY,
    find: 'all.map((order) => order.filter((node) => nodes.includes(node)))',
    replace: 'preferredOrders(topology, nodes)',
  },
  {
    name: 'one preferred node is left for what is near the CPU',
    file: POLICY,
    find: '    if (preferred.length === 1) return topology.fallback(preferred[0]);\n',
    replace: '',
  },
  {
    name: 'weights move to other nodes when one has no memory',
    file: POLICY,
    find: 'weights[nodes.indexOf(node)]',
    replace: 'weights[withMemory(topology, nodes).indexOf(node)]',
  },
  {
    name: 'nodes are asked in the order of their numbers',
    file: TOPOLOGY,
    find: 'usable.sort((a, b) => far(a) - far(b) || this.tier[a] - this.tier[b] || a - b)',
    replace: 'usable',
  },
  {
    name: 'demotion goes to the first node of the tier',
    file: TOPOLOGY,
    find: 'for (const other of this.fallback(node)) if',
    replace: 'for (let other = 0; other < this.nodes; other++) if',
  },
];
