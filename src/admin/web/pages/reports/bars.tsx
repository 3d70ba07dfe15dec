import { makeStyles, tokens } from '@fluentui/react-components';

const HEIGHT = 160;
const GAP = 0.25;

const useStyles = makeStyles({
  chart: { display: 'block', width: '100%', height: `${HEIGHT}px`, marginBottom: '4px' },
  missed: { fill: tokens.colorPaletteRedBackground3 },
  others: { fill: tokens.colorNeutralStroke1 },
  axis: {
    display: 'flex',
    justifyContent: 'space-between',
    marginBottom: '12px',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground3,
  },
});

export interface Bar {
  readonly label: string;
  readonly missed: number;
  readonly others: number;
}

/** Bars, missed calls at their foot; the table beside it says the same in numbers, so that screen readers pass over it. */
export function Bars({ bars }: { readonly bars: readonly Bar[] }) {
  const styles = useStyles();
  const most = Math.max(1, ...bars.map(({ missed, others }) => missed + others));
  const scale = HEIGHT / most;
  return (
    <div aria-hidden="true">
      <svg className={styles.chart} viewBox={`0 0 ${Math.max(1, bars.length)} ${HEIGHT}`} preserveAspectRatio="none">
        {bars.map(({ label, missed, others }, index) => (
          <g key={label}>
            <title>{label}</title>
            <rect
              className={styles.missed}
              x={index + GAP / 2}
              width={1 - GAP}
              y={HEIGHT - missed * scale}
              height={missed * scale}
            />
            <rect
              className={styles.others}
              x={index + GAP / 2}
              width={1 - GAP}
              y={HEIGHT - (missed + others) * scale}
              height={others * scale}
            />
          </g>
        ))}
      </svg>
      <div className={styles.axis}>
        <span>{bars[0]?.label}</span>
        <span>{bars.at(-1)?.label}</span>
      </div>
    </div>
  );
}
