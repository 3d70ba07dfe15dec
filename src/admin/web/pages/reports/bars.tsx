import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';

const HEIGHT = 160;
const GAP = 0.25;
/** Fewer bars leave room beside them, instead of growing into blocks. */
const BARS_ACROSS = 14;

const useStyles = makeStyles({
  drawing: { minWidth: '120px', maxWidth: '100%' },
  chart: { display: 'block', width: '100%', height: `${HEIGHT}px`, marginBottom: '4px' },
  missed: { fill: tokens.colorPaletteRedBackground3 },
  others: { fill: tokens.colorNeutralStroke1 },
  legend: {
    display: 'flex',
    alignItems: 'center',
    gap: '6px',
    marginBottom: '6px',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
  },
  mark: { width: '12px', height: '12px', marginInlineStart: '10px', ':first-child': { marginInlineStart: 0 } },
  missedMark: { backgroundColor: tokens.colorPaletteRedBackground3 },
  othersMark: { backgroundColor: tokens.colorNeutralStroke1 },
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

interface BarsProps {
  readonly bars: readonly Bar[];
  readonly legend: { readonly missed: string; readonly others: string };
}

/** Bars, missed calls at their foot; the table beside it says the same in numbers, so that screen readers pass over it. */
export function Bars({ bars, legend }: BarsProps) {
  const styles = useStyles();
  const most = Math.max(1, ...bars.map(({ missed, others }) => missed + others));
  const scale = HEIGHT / most;
  return (
    <div aria-hidden="true">
      <div className={styles.legend}>
        <span className={mergeClasses(styles.mark, styles.missedMark)} /> {legend.missed}
        <span className={mergeClasses(styles.mark, styles.othersMark)} /> {legend.others}
      </div>
      <div className={styles.drawing} style={{ width: `${(bars.length / BARS_ACROSS) * 100}%` }}>
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
          {bars.length > 1 && <span>{bars.at(-1)?.label}</span>}
        </div>
      </div>
    </div>
  );
}
