import { expect, test } from 'vitest';
import { fillPlaceholders } from '../../../src/adapters/systems/placeholders.ts';

const VALUES = { kubeconfig: '/k', cluster: 'x-c0', slug: 'x', folder: '/systems', ports: { metrics: 8001 } };

test.each([
  ['plain', 'plain'],
  ['--port=${port.metrics}', '--port=8001'],
  ['${kubeconfig}:${kubeconfig}', '/k:/k'],
  ['${slug}/${cluster}/${folder}', 'x/x-c0//systems'],
  ['$HOME and $5', '$HOME and $5'],
])('%s becomes %s', (text, filled) => {
  expect(fillPlaceholders(text, VALUES, 'args[0]')).toBe(filled);
});

test.each(['${HOME}', '${port.health}', '${port}', '${}', '${constructor}'])(
  '%s is refused, naming the field',
  (text) => {
    const fill = (): string => fillPlaceholders(text, VALUES, 'install.processes.p.env.A');
    expect(fill).toThrow(
      `install.processes.p.env.A: unknown placeholder ${text}; allowed: \${kubeconfig}, \${cluster}`,
    );
  },
);
