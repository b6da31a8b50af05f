// Adds to package-lock.json what `npm install` left out: optional packages for other platforms that the registry it asked does
// not hold. Without them `npm ci` refuses the file ("Missing: … from lock file"). Run by hand after dependencies changed.
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const systems = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  openharmony: 'openharmony',
  win32: 'win32',
};
const processors = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x'];

for (const [parent, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (lock.packages[`${parent}/node_modules/${name}`] ?? lock.packages[`node_modules/${name}`]) continue;
    const words = name.split(/[-/]/);
    const os = words.map((word) => systems[word]).find((word) => word !== undefined);
    const cpu = words.find((word) => processors.includes(word));
    if (os === undefined || cpu === undefined)
      throw new Error(`${name}: its name does not say for which platform it is`);
    const libc = words.some((word) => word.startsWith('musl'))
      ? ['musl']
      : words.some((word) => word.startsWith('gnu'))
        ? ['glibc']
        : undefined;
    // No integrity: this registry could not tell it.
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(dev && { dev }),
      ...(libc && { libc }),
      optional: true,
      os: [os],
    };
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
